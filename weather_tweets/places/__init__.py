"""Which country a text means: a name or code in `país`, or a profile's free text. One resolver for all."""

from functools import lru_cache
from typing import NamedTuple

from weather_tweets.countries import UNKNOWN, Country
from weather_tweets.places import bag, flags, free_text, typing_errors, vocabulary
from weather_tweets.places.folding import MAX_CHARACTERS, folded, key_of, words
from weather_tweets.places.free_text import NOTHING, Found
from weather_tweets.places.gazetteer import BAG, COUNTRIES, Kind, table

_REMEMBERED = 8192
"""Texts whose country is remembered, of names and of profiles each; of 128 characters they take some 2 MB."""

_ENDINGS = sorted(vocabulary.of("ending"), key=len, reverse=True)
_DEMOCRATIC = {"KR": "KP", "CG": "CD"}
_MEANS_DEMOCRATIC = ("dem", "демократ", "الديمقراط")
_NOTHING = vocabulary.of("nothing")
_BY_CODE = {country.code: number for number, country in enumerate(COUNTRIES)}


class Answer(NamedTuple):
    """A country (`UNKNOWN` where nobody can say) and the evidence: "name", "code", "flag", "city", …"""

    country: Country
    by: str | None


@lru_cache(maxsize=_REMEMBERED)
def resolve(name: str) -> Country:
    """The country that is meant by a text in `país`; `UNKNOWN` if nobody can say."""
    return look_up(name).country


@lru_cache(maxsize=_REMEMBERED)
def in_profile(text: str) -> Country:
    """The country of the place in a profile's free text; `UNKNOWN` if nobody can say."""
    return look_up_profile(text).country


def look_up(name: str) -> Answer:
    """What is meant by a text in `país`, and how that is known."""
    shown, text = _taken_apart(name)
    plain = folded(text)
    split = words(plain)
    if not split or plain.strip() in _NOTHING:
        return _flag(shown)
    whole = key_of(split, text)
    # "S. Sudan" is no name of the Sudan that has an initial.
    found = (_in_any_order(split) if "." in text else None) or _named(whole) or _in_any_order(split)
    if found is None:
        found = _misspelt(whole, plain, shown) or free_text.country_of(text, plain, shown, only_places=True)
    if shown and found.country and shown != (found.country,):
        found = NOTHING
    return _answer(found)


def look_up_profile(text: str) -> Answer:
    """Where the owner of a profile says to be, and how that is known."""
    shown, text = _taken_apart(text)
    plain = folded(text)
    split = words(plain)
    if not split:
        return _flag(shown)
    # Of one word it may be a state of the USA as well.
    found = _in_any_order(split) if len(split) > 1 and not shown else None
    found = found or free_text.country_of(text, plain, shown)
    if found.by is None:
        found = _misspelt(key_of(split, text), plain, shown) or found
    return _answer(found)


def _taken_apart(text: str) -> tuple[tuple[int, ...], str]:
    """The countries of the flags in a text, and the text without them."""
    if len(text) > MAX_CHARACTERS or text.isascii():
        return (), text
    codes, rest = flags.taken_from(text)
    return tuple(_BY_CODE[code] for code in codes if code in _BY_CODE and code != UNKNOWN.code), rest


def _named(name: str) -> Found | None:
    """The country of a name or code; `NOTHING` if it is known to be of no country."""
    senses = table().get(name, ())
    kinds = {sense[0] for sense in senses}
    if Kind.CODE not in kinds and (
        Kind.WORD in kinds or (Kind.REGION in kinds and not kinds.intersection((Kind.NAME, Kind.EVERYDAY)))
    ):
        return NOTHING
    return _first(senses)


def _first(senses: "list[tuple[int, int, int]]") -> Found | None:
    for kind in (Kind.CODE, Kind.EVERYDAY, Kind.NAME, Kind.FORMER):
        for sense in senses:
            if sense[0] == kind:
                return Found(sense[1], kind)
    return None


def _in_any_order(split: list[str]) -> Found | None:
    for short in (False, True):
        telling = bag.telling(split, without_form_of_state=short)
        if telling and (senses := table().get(BAG + bag.of(telling)) or table().get("".join(telling))):
            found = _first([sense for sense in senses if sense[0] in (Kind.NAME, Kind.EVERYDAY)])
            if found and short and any(word.startswith(_MEANS_DEMOCRATIC) for word in split):
                # Of the two Koreas and the two Congos it is the form of state that tells them apart.
                democratic = _DEMOCRATIC.get(COUNTRIES[found.country].code)
                return found._replace(country=_BY_CODE[democratic]) if democratic else found
            if found:
                return found
    if len(split) == 1 and (ending := next((end for end in _ENDINGS if split[0].endswith(end)), "")):
        return _first([sense for sense in table().get(split[0][: -len(ending)], ()) if sense[0] == Kind.NAME])
    return None


def _misspelt(whole: str, plain: str, shown: tuple[int, ...]) -> Found | None:
    # With a comma it is an address.
    guess = 0 if shown or "," in plain or "(" in plain else typing_errors.country_of(whole)
    return Found(guess, Kind.TYPING_ERROR) if guess else None


def _flag(shown: tuple[int, ...]) -> Answer:
    return Answer(COUNTRIES[shown[0]], "flag") if len(shown) == 1 else Answer(UNKNOWN, None)


def _answer(found: Found) -> Answer:
    by = found.by.name.lower().replace("_", " ") if found.by is not None else None
    return Answer(COUNTRIES[found.country], by)
