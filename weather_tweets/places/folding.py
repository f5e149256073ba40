"""The form in which places are compared: case, accents, punctuation and invisible characters do not count."""

import itertools
import re
import unicodedata

MAX_CHARACTERS = 80
"""What is longer is no name of a place: the longest official name of a country has 56."""

# Letters without a decomposition, by what people type instead, and Arabic letters that are one to the reader.
_LETTERS = str.maketrans(
    {
        **dict(zip("øłđıŧħðəǝ", "oldithdee", strict=True)),
        **dict(zip("أإآٱىیېکڪةۀہھە", "اااايييككههههه", strict=True)),
        "’": "'",
        "‘": "'",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
        "ـ": "",
    }
)
_WITHIN_WORDS = "".join(
    chr(point) for point in range(0x300, 0xFFFF) if unicodedata.category(chr(point)) in {"Mn", "Mc"}
)
# Accents of Latin, Greek and Cyrillic, points of Hebrew, vowels of Arabic are left out as often as not; the
# marks of other scripts are letters. With them goes what cannot be seen.
_LEFT_OUT = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1-\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0ʻʼ]"
)
_BETWEEN_WORDS = re.compile(f"[^\\w{_WITHIN_WORDS}]+|_+")
# The same for ASCII, at a fifth of the cost.
_SPACED = {point: " " for point in range(128) if not chr(point).isalnum()}
# "People's" is one word, "l'Irlande" are two.
_POSSESSIVE = re.compile(r"'s\b")
# "Canadaaaa": no place has a letter three times in a row.
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}")
_MOST_WORDS = 14
_SHORT_NAME = 3


def folded(text: str) -> str:
    """The text without what does not count, but with its punctuation; empty where it is too long."""
    if len(text) > MAX_CHARACTERS:
        return ""
    if text.isascii():
        return _STRETCHED.sub(r"\1", text.lower())
    # Some characters stand for up to eighteen.
    text = unicodedata.normalize("NFKD", text)
    if len(text) > 3 * MAX_CHARACTERS:
        return ""
    plain = unicodedata.normalize("NFC", _LEFT_OUT.sub("", text)).casefold().translate(_LETTERS)
    return _STRETCHED.sub(r"\1", plain)


def words(text: str) -> list[str]:
    """The words of a folded text; initials are one word ("U.S.A." is "usa"). None where they are too many."""
    if "'" in text:
        text = _POSSESSIVE.sub("s", text)
    spaced = text.translate(_SPACED) if text.isascii() else _BETWEEN_WORDS.sub(" ", text)
    found = spaced.split()
    if len(found) > _MOST_WORDS:
        return []
    if len(found) > 1 and len(min(found, key=len)) == 1:
        joined = found[:1]
        for before, word in itertools.pairwise(found):
            if len(word) == 1 and len(before) == 1:
                joined[-1] += word
            else:
                joined.append(word)
        return joined
    return found


def key(text: str) -> str:
    """What a place is found by: its words without blanks, so that "Viet-Nam" is "Vietnam".

    Of names that accents tell apart because hardly a letter is there ("Mỹ", "Ý"), the accents stay.
    """
    return key_of(words(folded(text)), text)


def key_of(found: list[str], text: str) -> str:
    """The same for a text whose words are known."""
    joined = "".join(found)
    if len(joined) <= _SHORT_NAME and not text.isascii() and joined.isascii():
        return unicodedata.normalize("NFC", text[:MAX_CHARACTERS]).casefold().strip()
    return joined
