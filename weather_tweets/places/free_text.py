"""Places in free text, as profiles have them: "Lebanon, PA", "Xela 🇬🇹", "日本 東京", "guanare venezuela".

Each country explains some of the places that a text mentions, as its own name, its division, its city: the
USA explain both "Lebanon" and "PA", Lebanon only one. The country that explains most is meant. Where two
explain as much of different places ("London | Lagos"), or the same places about equally well ("Georgia"),
nobody can say.
"""

import re
from collections import Counter, defaultdict
from typing import NamedTuple

from weather_tweets.places import mentions
from weather_tweets.places.gazetteer import COUNTRIES, PART_OF, Kind, Sense, table
from weather_tweets.places.mentions import CODES, NAMES, Mention

# What the smallest divisions end with in Korea and in Japan, and nowhere else.
_BY_ENDING = {
    "KR": re.compile("[\uac00-\ud7af][동구시군읍면리역]$"),
    "JP": re.compile("[\u3040-\u30ff\u3400-\u9fff](?:県|町|丁目|駅)$"),
}
_CENTRAL_AMERICA = frozenset({"GT", "SV", "HN", "NI", "CR", "BZ", "PA"})
# On the scale of `Sense.fame`: twice as many people. Less is no difference.
_MARGIN = 6
# Of a country and a place of another that is called the same, the country is meant, unless three times as
# many people live there: Luxembourg, but not Georgia.
_NAME_BEFORE_OTHERS = 9
# A city that is known like one of a million people.
_WELL_KNOWN = 120
_MOST_UNKNOWN_WORDS = 2
_NUMBERS = {country.code: number for number, country in enumerate(COUNTRIES)}


class Found(NamedTuple):
    """A country by its number in `COUNTRIES` (0: nobody can say), and what it was recognised by."""

    country: int
    by: Kind | None


NOTHING = Found(0, None)


def country_of(text: str, plain: str, flags: tuple[int, ...] = (), *, only_places: bool = False) -> Found:
    """The country that a text (`plain`: folded) is about, together with the `flags` that were in it.

    Of texts that should be `only_places`, what is no place makes the places beside it doubtful.
    """
    found, unknown_words = mentions.found_in(text, plain)
    if len([mention for mention in found if Kind.REGION in mention.kinds]) > 1:
        return NOTHING
    places = [mention for mention in found if mention.senses]
    if len(found) == 1 and found[0].kinds & {Kind.REGION, Kind.WORD} and not found[0].is_named:
        places = []
    if only_places and unknown_words.total():
        places = [mention for mention in places if mention.whole_part]
    elif unknown_words.total():
        places = [mention for mention in places if _stands_out(mention, unknown_words)]
    for flag in flags:
        places.append(Mention("", {flag: Sense(Kind.FLAG, flag, 0)}, frozenset({Kind.FLAG}), -1, True))
    if not places:
        return NOTHING if found else _by_ending(plain)
    if (
        len(found) == 1
        and not unknown_words.total()
        and places[0].kinds <= CODES
        and len(places[0].senses) > 1
    ):
        # "IN" by itself is India as well as Indiana.
        return NOTHING
    return _best(places)


def _stands_out(mention: Mention, unknown_words: Counter[int]) -> bool:
    """Whether it is a place also among other words: towns have all kinds of names."""
    if mention.is_named or mention.kinds <= CODES or not unknown_words[mention.part]:
        return True
    return unknown_words.total() <= _MOST_UNKNOWN_WORDS and any(
        sense.fame >= _WELL_KNOWN for sense in mention.senses.values()
    )


def _best(places: list[Mention]) -> Found:
    explained: dict[int, int] = defaultdict(int)
    fame: dict[int, int] = defaultdict(int)
    for i, mention in enumerate(places):
        for country, sense in mention.senses.items():
            explained[country] |= 1 << i
            fame[country] += sense.fame
            if sense.kind in NAMES:
                fame[country] += _NAME_BEFORE_OTHERS
                for owner in _owners(country):
                    explained[owner] |= 1 << i
    most = max(mask.bit_count() for mask in explained.values())
    best = [country for country, mask in explained.items() if mask.bit_count() == most]
    if len({explained[country] for country in best}) > 1:
        best = _settled(places, best)
    best.sort(key=lambda country: -fame[country])
    if not best or (len(best) > 1 and fame[best[0]] - fame[best[1]] < _MARGIN):
        return NOTHING
    winner = best[0]
    for mention in places:
        for country, sense in mention.senses.items():
            # "Puerto Rico, USA" is Puerto Rico.
            if sense.kind in NAMES and winner in _owners(country):
                return Found(country, Kind(sense.kind))
    return Found(winner, Kind(min(place.senses[winner].kind for place in places if winner in place.senses)))


def _settled(places: list[Mention], best: list[int]) -> list[int]:
    """Of countries that explain different places, as many of them, those that the last place speaks for."""
    first, last = places[0], places[-1]
    by_kind: dict[int, list[int]] = defaultdict(list)
    for country in best:
        if country in last.senses:
            by_kind[last.senses[country].kind].append(country)
    named_first = [country for country, sense in first.senses.items() if sense.kind in NAMES]
    if last.is_named:
        # "Springfield, Guatemala": a town that the table does not have. But "Cairo, Georgia" may be in two.
        if any(mention.is_named for mention in places[:-1]) or by_kind[Kind.DIVISION]:
            return []
        return [country for kind in NAMES for country in by_kind[kind]]
    if last.key == "ca" and any(COUNTRIES[country].code in _CENTRAL_AMERICA for country in named_first):
        # "Guatemala, C.A." is in Central America.
        return named_first
    # "Norway, ME", "Nazareth, Pennsylvania": no country or city of another country is in a state.
    return by_kind[Kind.DIVISION] or by_kind[Kind.DIVISION_CODE] or by_kind[Kind.CODE]


def _owners(country: int) -> list[int]:
    return [owner for _, owner, _ in table().get(PART_OF + COUNTRIES[country].code, ())]


def _by_ending(plain: str) -> Found:
    plain = plain.strip()
    for code, ending in _BY_ENDING.items():
        if ending.search(plain):
            return Found(_NUMBERS[code], Kind.SCRIPT)
    return NOTHING
