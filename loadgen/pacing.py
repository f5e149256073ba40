"""When each tweet is due: as fast as possible, or with the rhythm of the tweets' own times."""

import itertools
import math
from array import array
from collections.abc import Iterable
from datetime import UTC, datetime


def parse_rate(text: str) -> float | None:
    """How many times faster than real time (`realtime` is 1, `x60` is 60); None for "" (no rhythm)."""
    if not text:
        return None
    if text == "realtime":
        return 1.0
    try:
        factor = float(text.removeprefix("x")) if text.startswith("x") else math.nan
    except ValueError:
        factor = math.nan
    if not (math.isfinite(factor) and factor > 0):
        raise ValueError(f"a rate is realtime or x and a factor, for instance x60, not {text}")
    return factor


class Schedule:
    """Due times of tweets, in seconds after the start, from their ISO 8601 times.

    Tweets are due in the order of the file, which must be that of their times. After the last one the file
    begins again, an average gap later. Raises `ValueError` for missing, unreadable or unordered times.
    """

    def __init__(self, times: Iterable[str | None], factor: float) -> None:
        stamps = array("d", (_timestamp(position, text) for position, text in enumerate(times)))
        self._offsets = array("d", ((stamp - stamps[0]) / factor for stamp in stamps))
        for position, (earlier, later) in enumerate(itertools.pairwise(stamps), start=1):
            if later < earlier:
                raise ValueError(
                    f"tweet {position} is earlier than the one before it; a replay needs a file in order"
                )
        span = self._offsets[-1]
        self._period = span + span / max(1, len(stamps) - 1)

    def due(self, number: int) -> float:
        """Seconds after the start at which the tweet with this number is to be sent."""
        rounds, position = divmod(number, len(self._offsets))
        return rounds * self._period + self._offsets[position]


def _timestamp(position: int, text: str | None) -> float:
    if text is None:
        raise ValueError(f"tweet {position} has no time (key hora); a replay needs one for each")
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"tweet {position}: {text!r} is no ISO 8601 time") from None
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
