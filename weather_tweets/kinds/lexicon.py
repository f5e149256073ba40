"""The lexicons: what is written in `lexicon/*.toml`, as strings and what each means in which language.

`lexicon/README.md` says what the sections of a file are for.
"""

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from hashlib import blake2b
from importlib.resources import files
from typing import Any, NamedTuple

from weather_tweets.kinds import spelling
from weather_tweets.weather_kinds import KINDS

LANGUAGES = ("ar", "de", "en", "es", "fr", "hi", "id", "it", "ja", "ko", "nl", "pt", "ru", "th", "tr")
SIGNS = "signs"
"""The file of what is read alike everywhere: emoji, °C and °F."""


class Role(Enum):
    """What a pattern does to the text it is found in."""

    KIND = auto()
    """Speaks of weather."""
    NOTHING = auto()
    """Only seems to: nothing else is read where it stands."""
    BEFORE = auto()
    """Takes back what follows."""
    AFTER = auto()
    """Takes back what it follows."""
    AROUND = auto()
    """Both."""
    CELSIUS = auto()
    """A number before it is a temperature. (So for the next two.)"""
    FAHRENHEIT = auto()
    DEGREES = auto()
    """Of a scale that only the number itself can tell."""
    MINUS = auto()
    """A temperature after it is below zero."""
    BELOW_ZERO = auto()
    """Any number after it is a temperature below zero."""
    FEVER = auto()
    """No temperature in this text is the weather's: fevers, ovens, angles."""

    # Enum's is written in Python, and meanings are looked up by the ten thousand.
    __hash__ = object.__hash__


class Meaning(NamedTuple):
    """What a string means in one language.

    It does so whatever language the text is in if it is `sure`, and only where a word begins (`left`) and
    ends (`right`).
    """

    role: Role
    kinds: frozenset[str]
    sure: bool
    left: bool
    right: bool


@dataclass
class Negation:
    """How a language says no.

    Which words may stand between it and what it takes back, and which carry it on ("no rain *or* snow").
    """

    between: frozenset[str] = frozenset()
    carried_by: frozenset[str] = frozenset()


@dataclass
class Lexicon:
    """All languages together."""

    meanings: dict[str, dict[str, Meaning]] = field(default_factory=dict)
    """By string, then by language."""
    negations: dict[str, Negation] = field(default_factory=dict)
    about: dict[str, frozenset[str]] = field(default_factory=dict)
    """Everyday words of each language, by which it is known."""
    _written: set[tuple[str, str]] = field(default_factory=set)
    """What stands in a file just so, by language; the rest are other spellings, which give way to it."""

    def add(self, language: str, source: dict[str, Any]) -> None:
        """Takes in the file of a language; raises ValueError if it has a section that nobody reads."""
        spaced = source.get("spaced", True)
        unknown = source.keys() - {"spaced", "about", "kinds", "shy", "nothing", "negation", "temperature"}
        unknown |= (source.get("kinds", {}).keys() | source.get("shy", {}).keys()) - set(KINDS)
        if unknown:
            raise ValueError(f"{language}.toml: nobody reads {', '.join(sorted(unknown))}")
        self.about[language] = frozenset(_words(source.get("about", "")))
        negation = source.get("negation", {})
        self.negations[language] = Negation(
            frozenset(_words(negation.get("between", ""))), frozenset(_words(negation.get("carried_by", "")))
        )
        for section, sure in (("kinds", True), ("shy", False)):
            for kind, phrases in source.get(section, {}).items():
                for phrase in _phrases(phrases):
                    self._learn(language, phrase, Role.KIND, frozenset({kind}), sure, spaced)
        temperature = source.get("temperature", {})
        for role, phrases in (
            (Role.NOTHING, source.get("nothing", {}).get("idioms", "")),
            (Role.NOTHING, negation.get("undone", "")),
            (Role.BEFORE, negation.get("before", "")),
            (Role.AFTER, negation.get("after", "")),
            *((role, temperature.get(role.name.lower(), "")) for role in _TEMPERATURE),
        ):
            for phrase in _phrases(phrases):
                self._learn(language, phrase, role, frozenset(), True, spaced)

    def _learn(
        self, language: str, phrase: str, role: Role, kinds: frozenset[str], sure: bool, spaced: bool
    ) -> None:
        # A number stands right before its unit.
        left = spaced and not phrase.startswith("*") and role not in UNITS
        right = spaced and not phrase.endswith("*")
        written = phrase.strip("*")
        meaning = Meaning(role, kinds, sure, left, right)
        for spelt in spelling.variants(language, written):
            known = self.meanings.setdefault(spelt, {})
            before = known.get(language)
            if before is None:
                known[language] = meaning
            elif before.role is role:
                known[language] = Meaning(
                    role,
                    before.kinds | kinds,
                    before.sure and sure,
                    before.left and left,
                    before.right and right,
                )
            elif {before.role, role} <= NEGATORS:
                known[language] = before._replace(role=Role.AROUND)
            elif role in _BELOW:
                # "Bajo cero" is cold by itself, and makes the number beside it a cold one.
                known[language] = before._replace(role=Role.BELOW_ZERO)
            elif spelt == written:
                if (language, spelt) in self._written:
                    raise ValueError(f"{language}.toml: {phrase} is in two sections that exclude each other")
                known[language] = meaning
        self._written.add((language, written))

    def forgive(self) -> None:
        """Adds the slips of the finger in words that speak of weather, where they are no words themselves."""
        taken = self.meanings.keys() | frozenset().union(*self.about.values())
        slipped: dict[str, dict[str, Meaning]] = {}
        for text, meanings in self.meanings.items():
            if not spelling.may_slip(text):
                continue
            sure = {
                language: meaning
                for language, meaning in meanings.items()
                if meaning.role is Role.KIND and meaning.sure
            }
            for slip in spelling.slips(text) if sure else ():
                if slip not in taken:
                    slipped.setdefault(slip, {}).update(sure)
        self.meanings.update(slipped)

    def space(self) -> None:
        """Puts spaces around negators, which are short and would be found inside half of all words.

        And before whatever begins like one, so that the longer is still found first.
        """
        negators = {
            text
            for text, meanings in self.meanings.items()
            for meaning in meanings.values()
            if meaning.left and meaning.role in NEGATORS
        }
        # Most texts are told from them by their first word.
        first_words = {negator.partition(" ")[0] for negator in negators}
        for text in [
            text
            for text in self.meanings
            if text.partition(" ")[0] in first_words and any(one in negators for one in _beginnings(text))
        ]:
            meanings = self.meanings.pop(text)
            # What only takes back what follows has something behind it.
            behind = all(meaning.role is Role.BEFORE for meaning in meanings.values() if meaning.left)
            for language, meaning in meanings.items():
                spaced = text
                if meaning.left:
                    spaced = f" {text} " if behind else f" {text}"
                    meaning = meaning._replace(left=False, right=meaning.right and not behind)
                self.meanings.setdefault(spaced, {})[language] = meaning


NEGATORS = frozenset({Role.BEFORE, Role.AFTER, Role.AROUND})
UNITS = frozenset({Role.CELSIUS, Role.FAHRENHEIT, Role.DEGREES})
_BELOW = frozenset({Role.MINUS, Role.BELOW_ZERO})
_TEMPERATURE = (Role.CELSIUS, Role.FAHRENHEIT, Role.DEGREES, Role.BELOW_ZERO, Role.MINUS, Role.FEVER)


def read() -> Lexicon:
    """All files of this package."""
    lexicon = Lexicon()
    folder = files(__package__) / "lexicon"
    for language in (*LANGUAGES, SIGNS):
        lexicon.add(language, tomllib.loads((folder / f"{language}.toml").read_text("utf-8")))
    lexicon.forgive()
    lexicon.space()
    return lexicon


def version() -> str:
    """Eight hexadecimal digits of the lexicons and this code: others whenever what is recognised may be."""
    here = files(__package__)
    sources = [*here.iterdir(), *(here / "lexicon").iterdir()]
    digest = blake2b(digest_size=4)
    for source in sorted(sources, key=lambda source: source.name):
        if source.name.endswith((".py", ".toml")):
            digest.update(source.read_bytes())
    return digest.hexdigest()


def _phrases(text: str) -> Iterator[str]:
    return (phrase for phrase in (" ".join(part.split()).lower() for part in text.split(",")) if phrase)


def _beginnings(text: str) -> Iterator[str]:
    """Its first word, its first two, and so on."""
    words = text.split(" ")
    return (" ".join(words[:count]) for count in range(1, len(words) + 1))


def _words(text: str) -> Iterable[str]:
    return text.replace(",", " ").lower().split()
