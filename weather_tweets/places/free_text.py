"""Places in free text, as profiles have them: "Lebanon, PA", "Xela 🇬🇹", "日本 東京", "guanare venezuela".

A text is taken apart into places that the table knows. Each country explains some of them, as its own name,
its division, its city: the USA explain both "Lebanon" and "PA", Lebanon only one. The country that explains
most is meant. Where two explain as much of different places ("London | Lagos"), or the same places about
equally well ("Georgia"), nobody can say.
"""

import re
from collections import defaultdict
from typing import NamedTuple

from weather_tweets.places import vocabulary
from weather_tweets.places.bag import LITTLE_WORDS
from weather_tweets.places.folding import words
from weather_tweets.places.gazetteer import COUNTRIES, PART_OF, Kind, Sense, table

_PARTS = re.compile(r"[,;|/•·\n()\[\]،、，。؛：:~+=<>→←↔—–]+|\s-+\s|[\u2190-\u2bff\U0001f000-\U000e0fff]+")
_CAPITALS = re.compile(r"\b(?:[A-Z]\.?){2,4}(?![a-z])")
_MOST_WORDS = 10
_MOST_PLACES = 5
_MOST_WORDS_OF_A_PLACE = 5
_MOST_SIGNS_OF_A_PLACE = 8
_CODE_LETTERS = 3
_NAMES = (Kind.NAME, Kind.EVERYDAY, Kind.FORMER)
_CODES = (Kind.CODE, Kind.DIVISION_CODE)
# Scripts in which words are not kept apart by blanks: Thai to Khmer, kana, Chinese characters, Hangul.
_WITHOUT_BLANKS = re.compile(
    "^[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2,}$"
)
# What the smallest divisions end with in Korea and in Japan, and nowhere else.
_KOREAN = re.compile("[\uac00-\ud7af][동구시군읍면리역]$")
_JAPANESE = re.compile("[\u3040-\u30ff\u3400-\u9fff](?:県|町|丁目|駅)$")
_WHERE = vocabulary.of("where")
_NOT_UNKNOWN = _WHERE | LITTLE_WORDS
_WORDS_LIKE_CODES = vocabulary.of("word")
_CENTRAL_AMERICA = frozenset({"GT", "SV", "HN", "NI", "CR", "BZ", "PA"})
# Half as many people again: on the scale of `Sense.fame` less than this is no difference.
_MARGIN = 10
_NAME_BEFORE_OTHERS = 6


class Found(NamedTuple):
    """A country by its number in `COUNTRIES` (0: nobody can say), and what it was recognised by."""

    country: int
    by: Kind | None


NOTHING = Found(0, None)


class _Match(NamedTuple):
    key: str
    senses: dict[int, Sense]
    kinds: frozenset[int]
    part: int


def country_of(text: str, plain: str, flags: tuple[int, ...] = ()) -> Found:
    """The country that a text (`plain`: folded) is about, together with the `flags` that were in it."""
    matches, unknown_words = _matches(text, plain)
    places = [match for match in matches if match.senses]
    if len([match for match in matches if Kind.REGION in match.kinds]) > 1:
        return NOTHING
    if (
        len(matches) == 1
        and matches[0].kinds & {Kind.REGION, Kind.WORD}
        and not matches[0].kinds & set(_NAMES)
    ):
        places = []
    if unknown_words > 1 + len(places):
        # A sentence: cities have all kinds of names.
        places = [match for match in places if match.kinds & set(_NAMES)]
    if flags:
        places += [
            _Match("", {flag: Sense(Kind.FLAG, flag, 0)}, frozenset({Kind.FLAG}), -1) for flag in flags
        ]
    if len(places) == 1 and places[0].kinds <= set(_CODES) and len(places[0].senses) > 1:
        return NOTHING
    found = _best(places)
    if found.country or places or flags:
        return found
    return _by_script(plain)


def _best(places: list[_Match]) -> Found:
    if not places:
        return NOTHING
    explained: dict[int, int] = defaultdict(int)
    fame: dict[int, int] = defaultdict(int)
    for i, match in enumerate(places):
        for country, sense in match.senses.items():
            explained[country] |= 1 << i
            fame[country] += sense.fame + (_NAME_BEFORE_OTHERS if sense.kind in _NAMES else 0)
    most = max(mask.bit_count() for mask in explained.values())
    best = [country for country, mask in explained.items() if mask.bit_count() == most]
    if len({explained[country] for country in best}) > 1:
        best = _settled(places, best)
    best.sort(key=lambda country: -fame[country])
    if not best or (len(best) > 1 and fame[best[0]] - fame[best[1]] < _MARGIN):
        return NOTHING
    winner = best[0]
    for match in places:
        for country, sense in match.senses.items():
            # "Puerto Rico, USA" is Puerto Rico.
            if sense.kind in _NAMES and country != winner and _is_part(country, winner):
                return Found(country, Kind(sense.kind))
    evidence = min(match.senses[winner].kind for match in places if winner in match.senses)
    return Found(winner, Kind(evidence))


def _settled(places: list[_Match], best: list[int]) -> list[int]:
    """Of countries that explain different places as many, those that the last place speaks for."""
    last = places[-1]
    first = places[0]
    if last.part < 0:
        return []
    if last.kinds & {Kind.DIVISION, Kind.DIVISION_CODE} and not last.kinds & set(_NAMES):
        # "Norway, ME": a country is in no state. But "Guatemala, CA" is in Central America.
        named = [country for country, sense in first.senses.items() if sense.kind in _NAMES]
        if last.key == "ca" and any(COUNTRIES[country].code in _CENTRAL_AMERICA for country in named):
            return named
        divided = [
            country
            for country in best
            if country in last.senses and last.senses[country].kind in (Kind.DIVISION, Kind.DIVISION_CODE)
        ]
        return divided if named else []
    # "Springfield, Guatemala": a town that the table does not have.
    named = [c for c in best if c in last.senses and last.senses[c].kind in _NAMES]
    if named and all(not match.kinds & set(_NAMES) for match in places[:-1]):
        return named
    return []


def _is_part(country: int, of: int) -> bool:
    owners = table().get(PART_OF + COUNTRIES[country].code, ())
    return any(owner == of for _, owner, _ in owners)


def _matches(text: str, plain: str) -> tuple[list[_Match], int]:
    """The places in a text, and the number of its words that are in none of them."""
    capitals = {found.replace(".", "").lower() for found in _CAPITALS.findall(text)}
    matches: list[_Match] = []
    unknown = total = 0
    for number, part in enumerate(_PARTS.split(plain)):
        parts = words(part)
        total += len(parts)
        if total > _MOST_WORDS or len(matches) == _MOST_PLACES:
            break
        i = 0
        while i < len(parts) and len(matches) < _MOST_PLACES:
            length, match = _longest(parts, i, number, capitals, behind=bool(matches))
            # "North West" is a province somewhere.
            if match and not _WHERE.issuperset(parts[i : i + length]):
                matches.append(match)
                i += length
                continue
            if parts[i] not in _NOT_UNKNOWN:
                unknown += 1
            i += 1
    return matches, unknown


def _longest(
    parts: list[str], start: int, number: int, capitals: set[str], *, behind: bool
) -> tuple[int, _Match | None]:
    """The longest place that begins with a word, and how many words it has."""
    for end in range(min(len(parts), start + _MOST_WORDS_OF_A_PLACE), start, -1):
        match = _match("".join(parts[start:end]), parts, start, end, number, capitals, behind)
        if match:
            return end - start, match
    first = parts[start]
    if not _WITHOUT_BLANKS.match(first):
        return 0, None
    for length in range(min(len(first), _MOST_SIGNS_OF_A_PLACE + 1) - 1, 1, -1):
        match = _match(first[:length], parts, start, start + 1, number, capitals, behind)
        if match:
            # What follows is looked at as a word of its own.
            parts[start : start + 1] = [first[:length], first[length:]]
            return 1, match
    return 0, None


def _match(
    key: str, parts: list[str], start: int, end: int, number: int, capitals: set[str], behind: bool
) -> _Match | None:
    records = table().get(key)
    if not records:
        return None
    senses = [Sense(*record) for record in records]
    if key.isascii() and len(key) <= _CODE_LETTERS:
        last = end == len(parts)
        senses = _short(
            key, senses, alone=start == 0 and last, last=last, capital=key in capitals, behind=behind
        )
    elif any(sense.kind in _CODES for sense in senses):
        senses = [sense for sense in senses if sense.kind not in _CODES]
    if not senses:
        return None
    best: dict[int, Sense] = {}
    for sense in senses:
        # The province is called after the city: known as the one, and as well as the other.
        if sense.country:
            other = best.get(sense.country, sense)
            best[sense.country] = min(sense, other)._replace(fame=max(sense.fame, other.fame))
    return _Match(key, best, frozenset(sense.kind for sense in senses), number)


def _short(
    key: str, senses: list[Sense], *, alone: bool, last: bool, capital: bool, behind: bool
) -> list[Sense]:
    """What up to three letters can mean where they stand: they are codes only if they look so."""
    if key.isdigit():
        return []
    as_code = last and (
        (behind and (capital or len(key) == 2)) or (capital and alone and key not in _WORDS_LIKE_CODES)
    )
    return [
        sense
        for sense in senses
        if (sense.kind in _CODES and as_code)
        or sense.kind in (Kind.EVERYDAY, Kind.NICKNAME, Kind.REGION, Kind.WORD)
        or (sense.kind in (Kind.CITY, Kind.NAME) and alone and not capital)
    ]


def _by_script(plain: str) -> Found:
    plain = plain.strip()
    code = "KR" if _KOREAN.search(plain) else "JP" if _JAPANESE.search(plain) else None
    return Found(_NUMBERS[code], Kind.SCRIPT) if code else NOTHING


_NUMBERS = {country.code: number for number, country in enumerate(COUNTRIES)}
