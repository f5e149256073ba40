"""The translations of ISO 3166 that come with pycountry (Debian's iso-codes)."""

import gettext
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pycountry


@cache
def languages(domain: str) -> tuple[str, ...]:
    """The languages into which a part of the standard ("iso3166-2") is translated."""
    folders = Path(pycountry.LOCALES_DIR).iterdir()
    return tuple(sorted(path.name for path in folders if (path / "LC_MESSAGES" / f"{domain}.mo").exists()))


@cache
def into(language: str, domain: str) -> Callable[[str], str]:
    """A function that translates names; what has no translation stays as it is, English all of it."""
    if language == "en":
        return str
    return gettext.translation(domain, pycountry.LOCALES_DIR, languages=[language]).gettext
