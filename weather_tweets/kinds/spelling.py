"""How else people write a word: without its accents, with another apostrophe, with a slip of the finger."""

import unicodedata
from collections.abc import Iterator

_LATIN = frozenset({"de", "en", "es", "fr", "id", "it", "nl", "pt", "tr", "signs"})
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_DOTLESS = str.maketrans({"ı": "i"})
_ALIFS = str.maketrans(dict.fromkeys("أإآٱ", "ا"))
_ARABIC_ENDS = str.maketrans({"ة": "ه", "ى": "ي"})
# "And", "with", "for", "like" and the article are written together with the word.
_ARABIC_PREFIXES = ("ال", "و", "ب", "ل", "ف", "وال", "بال", "لل", "كال", "فال")
# A shorter word is too easily another one.
_SHORTEST_SLIPPED = 6


def variants(language: str, text: str) -> set[str]:
    """All that `text`, in small letters, is written as; itself among them, in NFC."""
    text = unicodedata.normalize("NFC", text)
    spelt = {text, text.replace("'", "’")}
    if language == "de":
        spelt |= {one.translate(_UMLAUTS) for one in spelt} | {one.replace("ß", "ss") for one in spelt}
    elif language == "tr":
        # "YAĞIYOR".lower() has a dot; and who types without Turkish letters leaves all out.
        spelt |= {one.translate(_DOTLESS) for one in spelt}
    elif language == "ru":
        spelt |= {one.replace("ё", "е") for one in spelt}
    elif language == "ar":
        spelt |= {one.translate(_ALIFS) for one in spelt}
        spelt |= {one.translate(_ARABIC_ENDS) for one in spelt}
        # Last: there is nothing to replace in them.
        spelt |= {prefix + one for one in spelt for prefix in _ARABIC_PREFIXES}
    elif language == "hi":
        spelt |= {one.replace("ँ", "ं") for one in spelt}
        spelt |= {one.replace("\u093c", "") for one in spelt}
    if language in _LATIN and not text.isascii():
        spelt |= {_without_accents(one) for one in spelt}
    return spelt


def may_slip(text: str) -> bool:
    """Whether it is known with a slip in it: no short word, no phrase, and of a script with an alphabet."""
    return len(text) >= _SHORTEST_SLIPPED and text.isalpha() and max(text) < "\u0530"


def slips(text: str) -> Iterator[str]:
    """A word that may slip with two neighbours swapped, or one of two like letters missing."""
    for i in range(1, len(text) - 2):
        if text[i] != text[i + 1]:
            yield text[:i] + text[i + 1] + text[i] + text[i + 2 :]
        else:
            yield text[:i] + text[i + 1 :]


def _without_accents(text: str) -> str:
    bare = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    return bare.translate(_DOTLESS)
