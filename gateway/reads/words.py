"""Text search by words: neither case nor accents count.

The database looks first (`pattern`), for whatever may be it; which of that is it is decided here (`match`),
so that the answer does not depend on the dialect of its regular expressions.
"""

import re
import unicodedata
from functools import cache
from typing import NamedTuple

MAX_QUERY_CHARACTERS = 100
_MOST_WORDS = 8
_PATTERN_CHARACTERS = 1_000
"""Of a regular expression SecantusDB takes no more; MongoDB takes 32,764 bytes."""
_ALL_OF = r"(?=[\s\S]*{})"

# Accents and the vowel signs of Arabic are left out as often as not; the marks of other scripts are letters.
_LEFT_OUT = re.compile("[\u0300-\u036f\u064b-\u0652\u0670]")
_DOTLESS = str.maketrans({"ı": "i"})
_MARKS = "\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0962\u0963"
_LETTER = f"[^\\W_]|[{_MARKS}]"
_WORD = re.compile(f"(?:{_LETTER}|[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e])+\\*?")
# Scripts that put no blanks between words: Chinese, Japanese, Thai, Lao, Khmer, Burmese.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
# Beyond it are hardly any letters with accents.
_LAST_ACCENTED = 0x2000


class Words(NamedTuple):
    """Words that all have to be in a text; one that ends in `*` is how a word begins."""

    words: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> "Words | None":
        """The words of what somebody looks for; None if there are none, or too many."""
        words = sorted(set(_WORD.findall(folded(text))))
        return cls(tuple(words)) if 0 < len(words) <= _MOST_WORDS else None

    def pattern(self) -> str:
        """A regular expression that any database takes, and that matches wherever `match` does."""
        if len(self.words) == 1:
            return _spelt(self.words[0], _PATTERN_CHARACTERS)
        # One condition on one field: the stand-in for MongoDB takes no index for several (`$and`).
        share = (_PATTERN_CHARACTERS - 1) // len(self.words) - len(_ALL_OF.format(""))
        return "^" + "".join(_ALL_OF.format(_spelt(word, share)) for word in self.words)

    def match(self, text: str) -> bool:
        """Whether all words are in the text."""
        plain = folded(text)
        return all(_edged(word).search(plain) for word in self.words)


def folded(text: str) -> str:
    """A text without what does not count."""
    if text.isascii():
        return text.lower()
    bare = _LEFT_OUT.sub("", unicodedata.normalize("NFD", text.lower())).translate(_DOTLESS)
    return unicodedata.normalize("NFC", bare)


@cache
def _spellings() -> dict[str, str]:
    """By letter, the others that fold to it."""
    others: dict[str, str] = {}
    for character in map(chr, range(0x41, _LAST_ACCENTED)):
        plain = folded(character)
        if len(plain) == 1 and plain != character:
            others[plain] = others.get(plain, "") + character
    return others


def _spelt(word: str, characters: int) -> str:
    """The word in whatever spelling; of a long one, how it begins."""
    pattern = ""
    for letter in word.rstrip("*"):
        # Left-out marks may follow where no single character has letter and accent.
        more = f"[{letter}{_spellings().get(letter, '')}][\u0300-\u036f\u064b-\u0652\u0670]*"
        if len(pattern) + len(more) > characters:
            break
        pattern += more
    return pattern


def _edged(word: str) -> re.Pattern[str]:
    is_beginning = word.endswith("*")
    word = word.rstrip("*")
    before = "" if _UNSPACED.match(word[0]) else f"(?<!{_LETTER.replace('|', ')(?<!')})"
    after = "" if is_beginning or _UNSPACED.match(word[-1]) else f"(?!{_LETTER})"
    return re.compile(before + re.escape(word) + after)
