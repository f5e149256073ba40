"""From an address's query to a question. What cannot be understood is a 400 that names the parameter."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple, get_args

from gateway.problems import Problem
from gateway.reads import cursor
from gateway.reads.words import MAX_QUERY_CHARACTERS, Words
from weather_tweets.countries import UNKNOWN
from weather_tweets.places import resolve
from weather_tweets.tweet import MAX_COUNTRY_CHARACTERS
from weather_tweets.weather_kinds import KINDS

Step = Literal["minute", "hour", "day"]
Window = Literal["15m", "1h", "6h", "24h", "all"]

STEPS: Mapping[str, timedelta] = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
}
WINDOWS: Mapping[str, timedelta | None] = {
    "15m": timedelta(minutes=15),
    "1h": timedelta(hours=1),
    "6h": timedelta(hours=6),
    "24h": timedelta(days=1),
    "all": None,
}
DEFAULT_TWEETS, MOST_TWEETS = 50, 200
MOST_ROWS = 3000
MOST_ROWS_BY_COUNTRY = 750
"""Each has up to 250 countries: a month of hours, half a day of minutes."""
MINUTES_KEPT = timedelta(days=2)
_MOST_DAYS = 366
"""A day is summed from its hours."""
_DEFAULT_ROWS = {"minute": 60, "hour": 24, "day": 30}


class TweetsQuestion(NamedTuple):
    """Which tweets, newest first, from before a position."""

    code: str | None
    kind: str | None
    words: Words | None
    before: cursor.Position | None
    limit: int


class HistoryQuestion(NamedTuple):
    """How many tweets in each step of a time."""

    code: str | None
    kind: str | None
    start: datetime
    end: datetime
    step: Step
    by_country: bool


class WeatherQuestion(NamedTuple):
    """How many tweets in a time up to now."""

    window: Window


Given = Mapping[str, Sequence[str]]


def tweets(given: Given) -> TweetsQuestion:
    """The question of `GET /tweets`. Raises `Problem`."""
    one = _single(given, "country", "kind", "q", "before", "limit")
    before = None
    if "before" in one:
        before = cursor.read(one["before"])
        if before is None:
            raise _wrong("before", "the `next` of an earlier answer")
    limit = one.get("limit", str(DEFAULT_TWEETS))
    if not (limit.isascii() and limit.isdigit() and len(limit) <= 3 and 1 <= int(limit) <= MOST_TWEETS):
        raise _wrong("limit", f"a number from 1 to {MOST_TWEETS}")
    return TweetsQuestion(_code(one), _kind(one), _words(one), before, int(limit))


def history(given: Given, now: datetime) -> HistoryQuestion:
    """The question of `GET /history`; `now` is in UTC. Raises `Problem`."""
    one = _single(given, "country", "kind", "from", "to", "step", "by")
    step = _step(one)
    width = STEPS[step]
    if one.get("by", "country") != "country":
        raise _wrong("by", "country")
    end = _up(_time(one, "to") or now, width)
    start = _down(_time(one, "from") or end - _DEFAULT_ROWS[step] * width, width)
    if start >= end:
        raise _wrong("from", "a time before `to`")
    question = HistoryQuestion(_code(one), _kind(one), start, end, step, "by" in one)
    _check_rows(question, now)
    return question


def weather(given: Given) -> WeatherQuestion:
    """The question of `GET /weather`. Raises `Problem`."""
    window = _single(given, "window").get("window", "1h")
    for each in get_args(Window):
        if window == each:
            return WeatherQuestion(each)
    raise _wrong("window", f"one of {', '.join(WINDOWS)}")


def _check_rows(question: HistoryQuestion, now: datetime) -> None:
    step, width = question.step, STEPS[question.step]
    if step == "minute" and question.start < _down(now - MINUTES_KEPT, width):
        raise _wrong("from", "at most two days ago with step=minute: older ones are kept by the hour")
    span = question.end - question.start
    most = MOST_ROWS_BY_COUNTRY if question.by_country else MOST_ROWS
    limits = {"minute": most, "hour": most, "day": min(most, _MOST_DAYS)}
    rows = span // width
    if rows > limits[step]:
        fitting = [name for name, each in STEPS.items() if span / each <= limits[name]]
        instead = f"step={fitting[0]} fits" if fitting else "no step fits: ask for less time"
        raise Problem(
            400,
            f"The time from `from` to `to` has {rows:,} rows by the {step}; there may be {limits[step]:,}: "
            f"{instead}.",
            parameter="step" if fitting else "from",
        )


def _single(given: Given, *known: str) -> dict[str, str]:
    for name, values in given.items():
        if name not in known:
            raise Problem(400, f"The parameters are {', '.join(known)}.", parameter=name[:64])
        if len(values) > 1:
            raise Problem(400, f"Give {name} once.", parameter=name)
    return {name: values[0] for name, values in given.items() if values and values[0]}


def _code(one: Mapping[str, str]) -> str | None:
    name = one.get("country")
    if name is None:
        return None
    code = resolve(name).code if len(name) <= MAX_COUNTRY_CHARACTERS else UNKNOWN.code
    if code == UNKNOWN.code and name not in UNKNOWN:
        raise _wrong("country", "an ISO 3166 code or a country's name, such as GT or Guatemala")
    return code


def _kind(one: Mapping[str, str]) -> str | None:
    kind = one.get("kind")
    if kind is not None and kind not in KINDS:
        raise _wrong("kind", f"one of {', '.join(KINDS)}")
    return kind


def _words(one: Mapping[str, str]) -> Words | None:
    text = one.get("q", "").strip()
    if not text:
        return None
    words = Words.of(text) if len(text) <= MAX_QUERY_CHARACTERS else None
    if words is None:
        raise _wrong("q", f"words of letters or digits, in at most {MAX_QUERY_CHARACTERS} characters")
    return words


def _step(one: Mapping[str, str]) -> Step:
    step = one.get("step", "hour")
    for each in get_args(Step):
        if step == each:
            found: Step = each
            return found
    raise _wrong("step", f"one of {', '.join(STEPS)}")


def _time(one: Mapping[str, str], name: str) -> datetime | None:
    text = one.get(name)
    if text is None:
        return None
    try:
        # A plus that was not percent-encoded arrives as a blank.
        found = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
        found = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        found = None
    # Room for the steps around it.
    if found is None or not 1970 <= found.year < 9999:
        raise _wrong(name, "a time of RFC 3339, such as 2026-11-25T15:00:00Z")
    return found


def _down(time: datetime, width: timedelta) -> datetime:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return time - (time - epoch) % width


def _up(time: datetime, width: timedelta) -> datetime:
    down = _down(time, width)
    return down if down == time else down + width


def _wrong(parameter: str, what: str) -> Problem:
    return Problem(400, f"The parameter {parameter} must be {what}.", parameter=parameter)
