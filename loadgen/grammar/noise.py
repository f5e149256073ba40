"""How people really type: without accents, in lower case, with slips and abbreviations."""

import random
import re
import unicodedata
from typing import Any

_HASHTAG = re.compile(r"#\S+")


class Noise:
    """A language's sloppiness, from the section `[noise]` of its grammar.

    `accents` and `lowercase`: the part of tweets without accents (ñ stays), or without capitals. `swaps`:
    lists of a text, what is typed for it, and how often. `slips`: the part of tweets with two letters of a
    longer word interchanged.
    """

    def __init__(self, source: dict[str, Any]) -> None:
        self._accents = float(source.get("accents", 0))
        self._lowercase = float(source.get("lowercase", 0))
        self._slips = float(source.get("slips", 0))
        self._swaps = [(before, after, float(part)) for before, after, part in source.get("swaps", [])]

    def apply(self, rng: random.Random, text: str) -> str:
        """The text as somebody in a hurry might have typed it."""
        for before, after, part in self._swaps:
            if before in text and rng.random() < part:
                text = text.replace(before, after, 1)
        if rng.random() < self._accents:
            text = _without_accents(text)
        if rng.random() < self._lowercase:
            text = lowered(text)
        if rng.random() < self._slips:
            text = _with_slip(rng, text)
        return text


def lowered(text: str) -> str:
    """The text in small letters; the Turkish capital İ becomes an i, not one with a second dot."""
    return text.replace("İ", "i").lower()


def _without_accents(text: str) -> str:
    kept = unicodedata.normalize("NFD", text.replace("ñ", "\0").replace("Ñ", "\1"))
    plain = "".join(character for character in kept if unicodedata.category(character) != "Mn")
    return unicodedata.normalize("NFC", plain).replace("\0", "ñ").replace("\1", "Ñ")


def _with_slip(rng: random.Random, text: str) -> str:
    words = [match for match in re.finditer(r"[^\W\d_]{5,}", text) if f"#{match[0]}" not in text]
    if not words:
        return text
    word = rng.choice(words)
    # Not the first letter: slips there are rare, and noticed.
    position = word.start() + rng.randrange(1, len(word[0]) - 2)
    return text[:position] + text[position + 1] + text[position] + text[position + 2 :]
