"""A copy of the keys that are in use, for a worker process that starts while the file of them cannot be used.

It has the hashes that the file has, in a folder that only this user can read, and goes when the gateway ends.
"""

import logging
import os
from contextlib import suppress
from pathlib import Path

log = logging.getLogger(__name__)

FILE_VARIABLE = "WEATHER_GATEWAY_LAST_GOOD_KEYS"
"""Tells a worker process where the copy is; not set where there is one process only."""


def save(content: bytes) -> None:
    """Keeps the content of a file that could be used, in place of what was kept before."""
    path = _path()
    if path is None:
        return
    # Others may write the same, or read: the copy is always a whole one.
    new = path.with_suffix(f".{os.getpid()}")
    try:
        new.write_bytes(content)
        new.replace(path)
    except OSError as error:
        log.error("Cannot keep a copy of the keys, so processes need the file to start: %s", error)
        # Rather none than one in which a key is good that was revoked since.
        with suppress(OSError):
            path.unlink(missing_ok=True)


def content() -> bytes | None:
    """What was kept last; None if nothing is."""
    path = _path()
    try:
        return path.read_bytes() if path else None
    except OSError:
        return None


def _path() -> Path | None:
    name = os.environ.get(FILE_VARIABLE)
    return Path(name) if name else None
