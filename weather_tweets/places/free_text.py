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
_NO_COUNTRY = frozenset({Kind.REGION, Kind.WORD})
_COORDINATES = re.compile(r"\d\.\d{3,}\s?,\s?-?\d")
_CENTRAL_AMERICA = frozenset({"GT", "SV", "HN", "NI", "CR", "BZ", "PA"})
# On the scale of `Sense.fame`: twice as many people. Less is no difference.
_MARGIN = 6
# Of a country and a place of another that is called the same, the country is meant, unless three times as
# many people live there: Luxembourg, but not Georgia.
_NAME_BEFORE_OTHERS = 9
# A city that is known like one of a million people.
_WELL_KNOWN = 120
# Divisions so large, and codes written so readily, that what stands before them is in them.
_STATE = {Kind.DIVISION: 125, Kind.DIVISION_CODE: 50}
# By sixteen times as many people.
_FAR_BETTER_KNOWN = 24
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
    if _COORDINATES.search(plain):
        # "ÜT: 41.4989,2.1869" is no place that the table has, and Utah least of all.
        return NOTHING
    found, unknown_words = mentions.found_in(text, plain, only_places=only_places)
    if len([mention for mention in found if Kind.REGION in mention.kinds]) > 1:
        return NOTHING
    places = [mention for mention in found if mention.senses]
    if len(found) == 1 and found[0].kinds & _NO_COUNTRY and not found[0].kinds & (NAMES | CODES):
        places = []
    if only_places and unknown_words.total():
        sure = any(mention.whole_part for mention in places)
        places = [mention for mention in places if mention.whole_part or (sure and mention.is_named)]
    elif unknown_words.total():
        places = [mention for mention in places if _stands_out(mention, unknown_words)]
    for flag in flags:
        places.append(Mention("", {flag: Sense(Kind.FLAG, flag, 0)}, frozenset({Kind.FLAG}), -1, True))
    if not places:
        return NOTHING if found else _by_ending(plain)
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
    more_than_cities = {c for place in places for c, sense in place.senses.items() if sense.kind != Kind.CITY}
    for i, mention in enumerate(places):
        best_known = max(sense.fame for sense in mention.senses.values())
        for country, sense in mention.senses.items():
            if country not in more_than_cities and best_known - sense.fame >= _FAR_BETTER_KNOWN:
                # "Rome, Paris" are no towns of the USA.
                continue
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
    spoken_for = {country: last.senses[country] for country in best if country in last.senses}
    if last.is_named:
        # "Springfield, Guatemala": a town that the table does not have. But "Cairo, Georgia" may be in two.
        if any(mention.is_named for mention in places[:-1]) or any(
            sense.kind == Kind.DIVISION for sense in spoken_for.values()
        ):
            return []
        return [country for country, sense in spoken_for.items() if sense.kind in NAMES]
    central = [country for country in first.senses if COUNTRIES[country].code in _CENTRAL_AMERICA]
    if last.key == "ca" and central:
        # "Guatemala, C.A." is in Central America.
        return [country for country in central if country in best]
    # "Norway, ME", "Nazareth, Pennsylvania": no country or city of another country is in a state.
    return [
        country for country, sense in spoken_for.items() if sense.fame >= _STATE.get(Kind(sense.kind), 256)
    ]


def _owners(country: int) -> list[int]:
    return [owner for _, owner, _ in table().get(PART_OF + COUNTRIES[country].code, ())]


def _by_ending(plain: str) -> Found:
    plain = plain.strip()
    for code, ending in _BY_ENDING.items():
        if ending.search(plain):
            return Found(_NUMBERS[code], Kind.SCRIPT)
    return NOTHING
