"""A part whose clock is wrong, by libfaketime."""

from functools import cache
from pathlib import Path


class NoLibraryError(RuntimeError):
    """libfaketime is not installed; the message says how to."""


@cache
def library() -> Path | None:
    """Where it is, None where it is not installed."""
    return next(iter(sorted(Path("/usr").glob("lib*/**/faketime/libfaketime.so.1"))), None)


def environment(ahead_seconds: float) -> dict[str, str]:
    """What makes a program's time of day so far ahead (or behind, if negative). Raises `NoLibraryError`."""
    if not ahead_seconds:
        return {}
    found = library()
    if not found:
        raise NoLibraryError("libfaketime is not installed: apt-get install libfaketime")
    return {
        "LD_PRELOAD": str(found),
        "FAKETIME": f"{ahead_seconds:+g}",
        # Only the time of day is wrong: what a machine measures from its start is not NTP's.
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }
