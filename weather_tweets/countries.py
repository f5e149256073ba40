"""Canonical countries: any common name or ISO code folds to one ISO 3166-1 code.

Names come from the Unicode CLDR by way of Babel, in the languages of `LANGUAGES`; codes are alpha-2 and
alpha-3. The number of results is bounded (250 countries and `UNKNOWN`), so whatever is sent, the number of
counters stays bounded too.
"""

import re
import unicodedata
from functools import cache, lru_cache
from typing import NamedTuple

from babel import Locale
from babel.core import get_global

LANGUAGES = (
    "es", "en", "pt", "fr", "de", "it", "ja", "ar", "hi", "id", "zh", "ru", "ko", "nl", "tr", "pl",
    "uk", "sv", "da", "nb", "fi", "fa", "he", "th", "vi", "bn", "ur", "sw", "el", "cs", "ro", "hu",
    "ca", "eu", "gl", "ms", "ta",
)  # fmt: skip

# CLDR regions that are no country of ISO 3166-1: groupings, test locales and reserved codes.
_NO_COUNTRIES = frozenset({"AC", "CP", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"})

# Names in everyday use that the CLDR does not list.
_EVERYDAY_NAMES = {
    "EEUU": "US", "EE UU": "US", "EE. UU.": "US", "E.E.U.U.": "US", "Estados Unidos de América": "US",
    "United States of America": "US", "U.S.A.": "US", "U.S.": "US", "America": "US",
    "UK": "GB", "Great Britain": "GB", "Gran Bretaña": "GB", "England": "GB", "Inglaterra": "GB",
    "Scotland": "GB", "Escocia": "GB", "Wales": "GB", "Gales": "GB", "Northern Ireland": "GB",
    "Holland": "NL", "Holanda": "NL", "Czech Republic": "CZ", "República Checa": "CZ",
    "Burma": "MM", "Birmania": "MM", "Ivory Coast": "CI", "Swaziland": "SZ", "Macedonia": "MK",
    "Cape Verde": "CV", "East Timor": "TL", "Korea": "KR", "Corea": "KR", "República de Corea": "KR",
    "Republic of Korea": "KR", "Russian Federation": "RU", "Federación Rusa": "RU",
    "República Popular China": "CN", "Palestine": "PS", "Palestina": "PS", "Vatican": "VA",
    "Congo": "CG", "Türkiye": "TR", "Viet Nam": "VN", "Hong Kong": "HK", "Macau": "MO", "Macao": "MO",
}  # fmt: skip


class Country(NamedTuple):
    """An ISO 3166-1 alpha-2 code (`XK` for Kosovo, as the CLDR has it) and the Spanish name shown for it."""

    code: str
    name: str


UNKNOWN = Country("ZZ", "Desconocido")

_LATIN_MARKS = re.compile("[\u0300-\u036f]")
_SEPARATORS = re.compile(r"[\s.,;:'’`´\-_()\[\]/&]+")


def fold(name: str) -> str:
    """The form in which names are compared: no case, Latin accents, punctuation or repeated blanks."""
    plain = _LATIN_MARKS.sub("", unicodedata.normalize("NFKD", name))
    return _SEPARATORS.sub(" ", unicodedata.normalize("NFC", plain).casefold()).strip()


@cache
def by_code() -> dict[str, Country]:
    """All countries by their alpha-2 code, with `UNKNOWN` under its own."""
    names = Locale("es").territories
    countries = {
        code: Country(code, name)
        for code, name in names.items()
        if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRIES
    }
    countries[UNKNOWN.code] = UNKNOWN
    return countries


@cache
def _by_folded_name() -> dict[str, Country]:
    countries = by_code()
    index: dict[str, Country] = {}

    def learn(name: str, code: str) -> None:
        # The first to claim a name keeps it: a language further up the list wins.
        if code in countries and code != UNKNOWN.code:
            index.setdefault(fold(name), countries[code])

    for code in countries:
        learn(code, code)
    for name, code in _EVERYDAY_NAMES.items():
        learn(name, code)
    for alias, codes in get_global("territory_aliases").items():
        if len(alias) == 3 and alias.isalpha() and len(codes) == 1:
            learn(alias, codes[0])
    for language in LANGUAGES:
        for code, name in Locale(language).territories.items():
            learn(name, code)
    return index


@lru_cache(maxsize=8192)
def resolve(name: str) -> Country:
    """The country that a name or an ISO code stands for, `UNKNOWN` if nobody knows it."""
    return _by_folded_name().get(fold(name), UNKNOWN)
