"""Which kinds of weather a text speaks of: all strings found in one pass, then read from left to right.

The pass is Aho and Corasick's ("Efficient string matching", 1975), leftmost-longest: where an idiom begins
before the word in it, or is longer, only the idiom is found. What is found inside a word is no word; what a
negation takes back is not said; what means different things in two languages counts in the one whose everyday
words the text has. The time taken grows with the text's length and no faster.

Most texts have nothing in them that needs thought: `_glance` reads those, the rest of this file the others.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, MatchKind

from weather_tweets.kinds import temperature
from weather_tweets.kinds.lexicon import (
    LANGUAGES,
    NEGATORS,
    UNITS,
    Lexicon,
    Meaning,
    Role,
    read,
    version,
)
from weather_tweets.weather_kinds import KINDS

# Which kinds there are, as a number of eleven bits, and the tuple that such a number stands for.
_BITS = {kind: 1 << place for place, kind in enumerate(KINDS)}
_ALL = (1 << len(KINDS)) - 1
_TUPLES = [tuple(kind for kind in KINDS if bits & _BITS[kind]) for bits in range(_ALL + 1)]
# What else there is to know of an entry at a glance.
_LEFT, _RIGHT, _MIXED, _NEXT, _LAST, _UNIT, _DEPENDS, _FEVER = (
    1 << (len(KINDS) + place) for place in range(8)
)

# So many of one letter are no spelling but a voice ("sooo cold"). The longer ones keep long runs few.
_STRETCHES = (3, 12, 48)
# Characters between a negation and what it takes back: five short words.
_FURTHEST = 32
# Longer than what begins inside of one string and goes on behind it.
_WINDOW = 40

_Found = tuple[int, int, int]
"""What the automaton finds: the number of the string, where it starts and where it ends."""


class Finding(NamedTuple):
    """A kind and the words that say it."""

    kind: str
    words: str


class _Entry(NamedTuple):
    """What a string of the automaton means."""

    left: bool
    right: bool
    mixed: bool
    """Whether it means something else, or words have to begin and end there, in some languages only."""
    role: Role | None
    """None where it depends on the language."""
    bits: int
    languages: frozenset[str]
    meanings: dict[str, Meaning]
    flags: int
    """All of it at a glance."""


_Hit = tuple[_Entry, int, int]
"""An entry that stands where it means something, where it starts and where it ends."""


class Recogniser:
    """Finds the kinds of weather in texts. `version` changes with whatever it may find."""

    def __init__(self, lexicon: Lexicon, version: str) -> None:
        self.version = version
        self._nowhere = dict.fromkeys(lexicon.about, 0)
        self._about: dict[str, list[str]] = {}
        for language, words in lexicon.about.items():
            for word in words:
                self._about.setdefault(word, []).append(language)
        self._negations = lexicon.negations
        self._between = frozenset[str]().union(
            *(negation.between | negation.carried_by for negation in lexicon.negations.values())
        )
        self._entries = [_entry_of(tuple(meanings.items())) for meanings in lexicon.meanings.values()]
        # Behind the last entry: runs of a letter, which are no entries.
        stretches = _stretches(lexicon.meanings)
        self._glances = [*(entry.flags for entry in self._entries), *[_DEPENDS] * len(stretches)]
        self._find = AhoCorasick(
            [*lexicon.meanings, *stretches], matchkind=MatchKind.LeftmostLongest, store_patterns=False
        ).find_matches_as_indexes
        # What else begins like a string, as it is asked for.
        self._shorter: dict[int, tuple[tuple[int, int], ...]] = {}

    def kinds(self, text: str) -> tuple[str, ...]:
        """The kinds that `text` speaks of, in the order of `KINDS`."""
        lowered = _lowered(text)
        found = self._find(lowered)
        if not found:
            return ()
        bits = self._glance(lowered, found)
        if bits < 0:
            bits = 0
            for _, hits in self._readings(lowered, found):
                for entry, _, _ in hits:
                    bits |= entry.bits
        return _TUPLES[bits]

    def findings(self, text: str) -> list[Finding]:
        """The kinds that `text` speaks of, each with the words that say so, in small letters."""
        lowered = _lowered(text)
        said = {
            Finding(kind, read[start:end].strip()): None
            for read, hits in self._readings(lowered, self._find(lowered))
            for entry, start, end in hits
            for kind in _TUPLES[entry.bits]
        }
        return list(said)

    def _glance(self, text: str, found: list[_Found]) -> int:
        """The bits of the kinds, where it is enough to see where words begin and end; else -1."""
        glances, length = self._glances, len(text)
        bits = 0
        negation = kind = -_FURTHEST
        for index, start, end in found:
            entry = glances[index]
            # What `_in_word` says, without calling it for letters of the West, which most are.
            if (entry & _LEFT and ((c := text[start - 1]).isalnum() or (c > "\u02ff" and _in_word(c)))) or (
                entry & _RIGHT
                and end < length
                and ((c := text[end]).isalnum() or (c > "\u02ff" and _in_word(c)))
            ):
                if entry & _MIXED or (end < length and text[end] * 3 in text[end - 2 : end + 2]):
                    return -1
                if self._hidden(index, text, start, end):
                    return -1
            elif entry & (_DEPENDS | _UNIT):
                if entry & _DEPENDS or _after_number(text, start):
                    return -1
            elif entry & _ALL:
                if start - negation < _FURTHEST and self._may_reach(text, negation, start):
                    return -1
                bits |= entry
                kind = end
            else:
                if entry & _LAST and start - kind < _FURTHEST and self._may_reach(text, kind, start):
                    return -1
                if entry & _NEXT:
                    negation = end
        return bits & _ALL

    def _may_reach(self, text: str, start: int, end: int) -> bool:
        """Whether in any language a negation reaches over what is between the two places."""
        # Behind a part of a word there is more of it.
        return _goes_on(text, start) or self._between.issuperset(text[start:end].split())

    def _readings(self, text: str, found: list[_Found]) -> list[tuple[str, list[_Hit]]]:
        """The text as it stands, and where letters are stretched also with two of them, and with one."""
        hits, stretched = self._hits(text, found)
        readings = [(text, self._said(text, hits))]
        if stretched:
            runs = re.compile("|".join(f"{letter}{{3,}}" for letter in stretched))
            for length in (2, 1):
                shorter = runs.sub(lambda run: run[0][:length], text)  # noqa: B023 (called at once)
                readings.append((shorter, self._said(shorter, self._hits(shorter, self._find(shorter))[0])))
        return readings

    def _hits(self, text: str, found: Iterable[_Found]) -> tuple[list[_Hit], set[str]]:
        """What was found and stands where it means something; and the letters that are stretched."""
        entries = self._entries
        hits: list[_Hit] = []
        stretched: set[str] = set()
        evidence: dict[str, int] | None = None
        length = len(text)
        for index, start, end in found:
            if index >= len(entries):
                stretched.add(text[start])
                continue
            entry = entries[index]
            begins = not entry.left or not _in_word(text[start - 1])
            ends = not entry.right or end == length or not _in_word(text[end])
            if begins and ends and entry.role is not None:
                hits.append((entry, start, end))
                continue
            if not ends and text[end] * 3 in text[end - 2 : end + 2] and text[end].isalpha():
                stretched.add(text[end])
            if entry.mixed:
                if evidence is None:
                    evidence = self._evidence(text)
                chosen = _chosen(entry, text, start, end, evidence)
                if chosen is not None:
                    hits.append((chosen, start, end))
                    continue
            if hidden := self._hidden(index, text, start, end):
                hits += _apart(self._hits(text, hidden)[0])
        return hits, stretched

    def _hidden(self, index: int, text: str, start: int, end: int) -> list[_Found]:
        """What the automaton would have found from here to `end` if it had not found this string."""
        begin = start + 1
        hidden = [
            (other, begin + first, begin + last)
            for other, first, last in self._find(text[begin : begin + _WINDOW])
            if begin + first < end
        ]
        shorter = self._shorter.get(index)
        if shorter is None:
            shorter = self._shorter[index] = tuple(
                (other, last)
                for other, first, last in self._find(text[start : end - 1])
                if first == 0 and other < len(self._entries)
            )
        return [(other, start, start + length) for other, length in shorter] + hidden if shorter else hidden

    def _evidence(self, text: str) -> dict[str, int]:
        """How many of its everyday words each language has in the text."""
        evidence = self._nowhere.copy()
        for word in set(text.split()):
            for language in self._about.get(word.strip(".,;:!?¡¿\"'()…#"), ()):
                evidence[language] += 1
        return evidence

    def _said(self, text: str, hits: list[_Hit]) -> list[_Hit]:
        """Of the hits those that speak of weather: nobody takes them back, and temperatures are known."""
        flags = 0
        for entry, _, _ in hits:
            flags |= entry.flags
        if flags & (_UNIT | _DEPENDS):
            hits = list(_with_temperatures(text, hits, fever=flags & _FEVER != 0))
        taken_back: set[int] = set()
        if flags & _NEXT:
            taken_back |= self._taken_back(text, hits, _NEXT)
        if flags & _LAST:
            taken_back |= self._taken_back(text, hits[::-1], _LAST)
        return [hit for hit in hits if hit[0].role is Role.KIND and hit[1] not in taken_back]

    def _taken_back(self, text: str, hits: Sequence[_Hit], negates: int) -> set[int]:
        """Where the hits start that a negation of this flag takes back; `hits` in the order of its effect."""
        starts: set[int] = set()
        last: _Hit | None = None
        for hit in hits:
            if hit[0].flags & negates:
                last = hit
            elif last is not None and hit[0].role is Role.KIND:
                if self._reaches(text, last, hit):
                    starts.add(hit[1])
                    last = hit
                else:
                    last = None
        return starts

    def _reaches(self, text: str, negator: _Hit, hit: _Hit) -> bool:
        gap_starts, gap_ends = (negator[2], hit[1]) if negator[1] < hit[1] else (hit[2], negator[1])
        # A kind's word may go on behind what was found of it.
        if _goes_on(text, gap_starts):
            while gap_starts < gap_ends and _in_word(text[gap_starts]):
                gap_starts += 1
        if gap_ends - gap_starts > _FURTHEST:
            return False
        said = hit[0].languages
        languages = said & negator[0].languages
        if not languages:
            return False
        if len(said) > len(languages):
            # "No calor" is Spanish without heat, and Portuguese in the heat.
            evidence = self._evidence(text)
            most = max(evidence[language] for language in said)
            languages = frozenset(language for language in languages if evidence[language] == most)
        gap = text[gap_starts:gap_ends].split()
        carried = negator[0].role is Role.KIND
        for language in languages:
            negation = self._negations[language]
            if (negation.carried_by if carried else negation.between).issuperset(gap):
                return True
        return False


@cache
def recogniser() -> Recogniser:
    """The one with the lexicons of this package; made when it is first asked for, in about half a second."""
    return Recogniser(read(), version())


def _entry(meanings: dict[str, Meaning]) -> _Entry:
    first = next(iter(meanings.values()))
    alike = first.sure and all(meaning[:3] == first[:3] for meaning in meanings.values())
    entry = _Entry(
        left=any(meaning.left for meaning in meanings.values()),
        right=any(meaning.right for meaning in meanings.values()),
        mixed=not alike or len({meaning[3:] for meaning in meanings.values()}) > 1,
        role=first.role if alike else None,
        bits=sum(_BITS[kind] for kind in first.kinds),
        languages=frozenset(meanings),
        meanings=meanings,
        flags=0,
    )
    return entry._replace(flags=_flags(entry))


def _flags(entry: _Entry) -> int:
    flags = entry.bits | _LEFT * entry.left | _RIGHT * entry.right | _MIXED * entry.mixed
    if entry.role is None or entry.role is Role.BELOW_ZERO:
        flags |= _DEPENDS
    elif entry.role in UNITS:
        flags |= _UNIT
    elif entry.role is Role.FEVER:
        flags |= _FEVER
    elif entry.role in NEGATORS:
        flags |= _NEXT * (entry.role is not Role.AFTER) | _LAST * (entry.role is not Role.BEFORE)
    return flags


def _temperature(kind: str) -> _Entry:
    """What a number that is a temperature says, in any language."""
    return _entry(dict.fromkeys(LANGUAGES, Meaning(Role.KIND, frozenset({kind}), True, False, False)))


_TEMPERATURES = {kind: _temperature(kind) for kind in ("heat", "cold")}


def _stretches(strings: Iterable[str]) -> list[str]:
    letters = {c for c in set("".join(strings)) if c.isalpha() and c < "\u0530"}
    return [letter * length for letter in sorted(letters) for length in _STRETCHES]


def _after_number(text: str, place: int) -> bool:
    """Whether a digit is right before the place, or one character before that."""
    return text[place - 1].isdigit() or text[place - 2].isdigit()


def _apart(hits: list[_Hit]) -> Iterator[_Hit]:
    """Hits that do not overlap, the leftmost and longest first."""
    reached = 0
    for hit in sorted(hits, key=lambda hit: (hit[1], -hit[2])):
        if hit[1] >= reached:
            reached = hit[2]
            yield hit


def _chosen(entry: _Entry, text: str, start: int, end: int, evidence: dict[str, int]) -> _Entry | None:
    """What the entry means in the language that the text is most likely in; None if it says nothing there."""
    most = max(evidence.values())
    likeliest = 0
    chosen: dict[str, Meaning] = {}
    for language, meaning in entry.meanings.items():
        likely = evidence[language]
        if (
            (not meaning.sure and not 0 < likely == most)
            or (meaning.left and _in_word(text[start - 1]))
            or (meaning.right and end < len(text) and _in_word(text[end]))
        ):
            continue
        if not chosen or likely > likeliest:
            likeliest, chosen = likely, {language: meaning._replace(sure=True)}
        elif likely == likeliest and meaning[:2] == next(iter(chosen.values()))[:2]:
            chosen[language] = meaning._replace(sure=True)
    return _entry_of(tuple(chosen.items())) if chosen else None


# Most words mean the same as many others.
@cache
def _entry_of(meanings: tuple[tuple[str, Meaning], ...]) -> _Entry:
    return _entry(dict(meanings))


def _with_temperatures(text: str, hits: list[_Hit], *, fever: bool) -> Iterator[_Hit]:
    """The hits, with what a number says in place of its unit."""
    minus_ends = -2
    for entry, start, end in hits:
        role = entry.role
        if role is Role.MINUS or role is Role.BELOW_ZERO:
            minus_ends = end
        if role is None or not entry.flags & (_UNIT | _DEPENDS):
            yield entry, start, end
        elif fever:
            continue
        elif role is Role.BELOW_ZERO:
            if entry.bits or temperature.below_zero(text, end):
                yield _TEMPERATURES["cold"], start, end + 3
        elif kind := temperature.before(text, start, role, minus_ends):
            yield _TEMPERATURES[kind], max(0, start - 4), end


def _goes_on(text: str, place: int) -> bool:
    """Whether the place is within a word, of a script that has spaces between words."""
    character = text[place] if place < len(text) else " "
    # Thai; kana and Chinese.
    unspaced = "\u0e00" <= character <= "\u0e7f" or "\u3040" <= character <= "\u9fff"
    return not unspaced and _in_word(character) and text[place - 1] != " "


def _lowered(text: str) -> str:
    """In small letters, with a space before the words that have none though they begin something."""
    return f" {text.lower()}".replace("\n", "\n ").replace("¡", "¡ ")


def _in_word(character: str) -> bool:
    """Whether a word goes on with this character.

    So letters, digits, and the marks that vowels are in some scripts; not the selectors of emoji's looks.
    """
    return character.isalnum() or (
        character >= "\u0300"
        and not "\ufe00" <= character <= "\ufe0f"
        and unicodedata.category(character)[0] == "M"
    )
