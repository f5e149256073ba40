"""The file of keys: TOML, one line for each name, with hashes and no key.

    newsroom = {sha256 = "<64 hexadecimal digits>", rate = 100, burst = 1000}

`rate` is in tweets a second, `burst` in tweets; `disabled = true` turns a name away. A name may have several
hashes, as a list: the old key and the new one, while it is replaced.
"""

import re
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

from gateway.keys.token import PREFIX

MAX_NAMES = 1000
"""Each is a label of the metrics."""
MAX_HASHES = 8
_MOST = 1_000_000_000

# What TOML takes as a key without quotes; it goes into labels and log lines as it is.
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_SHA256 = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
_FIELDS = {"sha256", "rate", "burst", "disabled"}
_HOW = "`weather-tweets keys new NAME` prints such a line"


class KeyFileError(ValueError):
    """The file cannot be used; says why and what to do, and nothing that could be a key."""


class Key(NamedTuple):
    """One line of the file."""

    name: str
    digests: tuple[bytes, ...]
    rate: float
    """Tweets a second."""
    burst: int
    """Tweets at once, after a pause."""
    disabled: bool = False


def content(path: Path) -> bytes:
    """What is in the file. Raises `KeyFileError`."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise KeyFileError(
            f"the file of keys {path} cannot be read ({error.strerror}): "
            "make one with `weather-tweets keys new NAME --file FILE`, "
            "or leave WEATHER_GATEWAY_KEYS_FILE empty to ask for no key"
        ) from None


def parse(content: bytes) -> list[Key]:
    """The keys of a file. Raises `KeyFileError`."""
    try:
        # Editors of one system begin a file with a byte order mark.
        names = tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise KeyFileError("the file of keys is not UTF-8: save it as that") from None
    except tomllib.TOMLDecodeError as error:
        # Of what the parser says, only where it is: the rest may quote the file.
        where = re.search(r"at (line \d+, column \d+|end of document)\)$", str(error))
        raise KeyFileError(
            f"the file of keys is no TOML, or has a name twice ({where[1] if where else 'somewhere'}); {_HOW}"
        ) from None
    if not names:
        raise KeyFileError(f"the file of keys has none: nobody could send; {_HOW}")
    if len(names) > MAX_NAMES:
        raise KeyFileError(f"the file of keys has {len(names):,} names; {MAX_NAMES:,} are the most")
    keys = [_key(place, name, fields) for place, (name, fields) in enumerate(names.items(), 1)]
    owners: dict[bytes, str] = {}
    for key in keys:
        for digest in key.digests:
            if owners.setdefault(digest, key.name) != key.name or key.digests.count(digest) > 1:
                raise KeyFileError(
                    f"{key.name} has the same sha256 as {owners[digest]}: each needs a key of its own"
                )
    return keys


def line(key: Key) -> str:
    """The line that `parse` reads as this key, without a line end."""
    hashes = [f'"{digest.hex()}"' for digest in key.digests]
    sha256 = hashes[0] if len(hashes) == 1 else f"[{', '.join(hashes)}]"
    rate = int(key.rate) if key.rate == int(key.rate) else key.rate
    disabled = ", disabled = true" if key.disabled else ""
    return f"{key.name} = {{sha256 = {sha256}, rate = {rate}, burst = {key.burst}{disabled}}}"


def check_name(name: str) -> None:
    """Raises `KeyFileError` unless it can be the name of a key."""
    if not _NAME.fullmatch(name) or name.startswith(PREFIX):
        raise KeyFileError(
            "a key's name has 1 to 64 letters (a to z), digits, _ and -, "
            f"and does not begin with {PREFIX} as keys do"
        )


def _key(place: int, name: str, fields: Any) -> Key:
    try:
        check_name(name)
    except KeyFileError as error:
        raise KeyFileError(f"name {place} of the file of keys: {error}") from None
    if not isinstance(fields, dict):
        raise KeyFileError(f"{name} must be a table; {_HOW}")
    if fields.keys() - _FIELDS:
        raise KeyFileError(f"{name} has a field that is none of sha256, rate, burst, disabled")
    rate: Any
    burst: Any
    rate, burst, disabled = fields.get("rate"), fields.get("burst"), fields.get("disabled", False)
    if type(rate) not in (int, float) or not 0 < rate <= _MOST:
        raise KeyFileError(f"{name}: rate must be a number of tweets a second, above 0")
    if type(burst) is not int or not 1 <= burst <= _MOST:
        raise KeyFileError(f"{name}: burst must be a whole number of tweets, at least 1")
    if type(disabled) is not bool:
        raise KeyFileError(f"{name}: disabled must be true or false")
    return Key(name, _digests(name, fields.get("sha256")), float(rate), burst, disabled)


def _digests(name: str, sha256: Any) -> tuple[bytes, ...]:
    hashes = sha256 if isinstance(sha256, list) else [sha256]
    if not 1 <= len(hashes) <= MAX_HASHES:
        raise KeyFileError(f"{name}: sha256 may list 1 to {MAX_HASHES} hashes")
    if not all(isinstance(each, str) and _SHA256.fullmatch(each) for each in hashes):
        raise KeyFileError(
            f"{name}: sha256 must have 64 hexadecimal digits: the hash of the key, not the key itself; {_HOW}"
        )
    return tuple(bytes.fromhex(each) for each in hashes)
