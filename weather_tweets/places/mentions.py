"""The places that a free text mentions, as the table knows them."""

import re
from collections import Counter
from collections.abc import Collection
from typing import NamedTuple

from weather_tweets.places import vocabulary
from weather_tweets.places.folding import words
from weather_tweets.places.gazetteer import Kind, Sense, table

NAMES = frozenset({Kind.NAME, Kind.EVERYDAY, Kind.FORMER})
CODES = frozenset({Kind.CODE, Kind.DIVISION_CODE})

_EVEN_SHORT = (Kind.EVERYDAY, Kind.NICKNAME, Kind.REGION, Kind.WORD)
_PARTS = re.compile(r"[,;|/•·\n()\[\]{}،、。؛:~+=<>→←↔—–]+|\s-+\s|[\u2190-\u2bff\U0001f000-\U000e0fff]+")
_CAPITALS = re.compile(r"\b(?:[A-Z]\.?){2,4}(?![a-z])")
_MOST_WORDS = 8
_MOST_PLACES = 5
_MOST_WORDS_OF_A_PLACE = 5
_MOST_SIGNS_OF_A_PLACE = 7
_MOST_WITHOUT_BLANKS = 2
_CODE_LETTERS = 3
# Fame of codes that need no place of their country before them, in capitals, and in small letters.
_USUAL = 20
_WRITTEN_SMALL = 40
_WHERE = vocabulary.of("where")
_NO_PLACE = _WHERE | vocabulary.of("little")
_WORDS_LIKE_CODES = vocabulary.of("word")
# Scripts in which words are not kept apart by blanks: Thai to Khmer, kana, Chinese characters, Hangul.
_WITHOUT_BLANKS = re.compile(
    "^[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2,}$"
)


class Mention(NamedTuple):
    """A place that a text mentions: what it can mean in each country, and where in the text it stands."""

    key: str
    senses: dict[int, Sense]
    kinds: frozenset[int]
    part: int
    whole_part: bool

    @property
    def is_named(self) -> bool:
        """Whether it is, in some country, that country's name."""
        return bool(self.kinds & NAMES)


def found_in(text: str, plain: str, *, only_places: bool = False) -> tuple[list[Mention], Counter[int]]:
    """The places in a text (`plain`: folded), and the number of words in each part that belong to none.

    Of texts that should be `only_places`, a part is read as far as it is one.
    """
    capitals = set()
    if not text.islower():
        capitals = {found.replace(".", "").lower() for found in _CAPITALS.findall(text)}
    mentions: list[Mention] = []
    unknown: Counter[int] = Counter()
    total = 0
    for number, part in enumerate(_PARTS.split(plain)):
        rest = words(part)
        total += len(rest)
        if total > _MOST_WORDS:
            break
        place = _Part(rest, number, capitals, mentions[-1].senses.keys() if mentions else ())
        while place.at < len(rest) and len(mentions) < _MOST_PLACES:
            mention = place.next_mention()
            if mention:
                mentions.append(mention)
            else:
                unknown[number] += rest[place.at] not in _NO_PLACE
                place.at += 1
                if only_places and unknown[number] and not mentions:
                    break
    return mentions, unknown


class _Part:
    """A part of a text between commas or other signs, read from its first word to its last."""

    def __init__(self, words: list[str], number: int, capitals: set[str], before: Collection[int]) -> None:
        self.at = 0
        self._look_up = table().get
        self._words = words
        self._number = number
        self._capitals = capitals
        self._before = before

    def next_mention(self) -> Mention | None:
        """The longest place that begins here; goes on behind it."""
        first = self._words[self.at]
        is_whole = _WITHOUT_BLANKS.match(first)
        most = 1 if is_whole else _MOST_WORDS_OF_A_PLACE
        for end in range(min(len(self._words), self.at + most), self.at, -1):
            mention = self._mention("".join(self._words[self.at : end]), end)
            if mention and (mention.kinds <= CODES or not _NO_PLACE.issuperset(self._words[self.at : end])):
                self.at = end
                self._before = mention.senses.keys()
                return mention
        if not is_whole or self._number + self.at > _MOST_WITHOUT_BLANKS:
            return None
        for length in range(min(len(first), _MOST_SIGNS_OF_A_PLACE + 1) - 1, 1, -1):
            mention = self._mention(first[:length], self.at + 1)
            mention = mention and mention._replace(whole_part=False)
            if mention:
                # What follows is read as a word of its own.
                self._words[self.at] = first[length:]
                return mention
        return None

    def _mention(self, key: str, end: int) -> Mention | None:
        records = self._look_up(key)
        if not records:
            return None
        last = end == len(self._words)
        alone = self.at == 0 and last
        senses = [Sense(*record) for record in records]
        if key.isascii() and len(key) <= _CODE_LETTERS:
            senses = self._short(key, senses, alone=alone, last=last)
        elif any(sense.kind in CODES for sense in senses):
            senses = [sense for sense in senses if sense.kind not in CODES]
        if not senses:
            return None
        best: dict[int, Sense] = {}
        for sense in senses:
            if sense.country:
                other = best.get(sense.country)
                best[sense.country] = _both(sense, other) if other else sense
        return Mention(key, best, frozenset(sense.kind for sense in senses), self._number, alone)

    def _short(self, key: str, senses: list[Sense], *, alone: bool, last: bool) -> list[Sense]:
        """What up to three letters can mean where they stand: they are codes only if they look so."""
        if key.isdigit():
            return []
        capital = key in self._capitals
        # "Erie, pa", "Erie PA", "Erie pa", "pa": what is a word as well has to look like a code.
        follows = self._number > 0 if alone else self.at > 0
        looks_so = last and ((follows and (alone or capital)) or key not in _WORDS_LIKE_CODES)
        codes = [sense for sense in senses if sense.kind in CODES and (capital or len(key) == 2)]
        if not follows and len({sense.country for sense in codes if sense.fame >= _USUAL}) > 1:
            # "IN" by itself is India as well as Indiana.
            codes = []
        found = [
            sense
            for sense in codes
            # "amsterdam, nl", but not "21 | bi".
            if (last and sense.country in self._before)
            or (looks_so and sense.fame >= (_USUAL if capital else _WRITTEN_SMALL))
        ]
        if not found and alone and not capital:
            return [sense for sense in senses if sense.kind not in CODES]
        return found + [sense for sense in senses if sense.kind in _EVEN_SHORT]


def _both(sense: Sense, other: Sense) -> Sense:
    """Two meanings in one country as one; of a province and its city the one that is better known."""
    if {sense.kind, other.kind} == {Kind.DIVISION, Kind.CITY}:
        return max(sense, other, key=lambda one: one.fame)
    return min(sense, other)._replace(fame=max(sense.fame, other.fame))
