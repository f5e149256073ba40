"""Moments as people type them into a command line."""

import re
from datetime import UTC, datetime, timedelta

_AGO = re.compile(r"(\d+)\s*([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def moment(text: str, now: datetime) -> datetime:
    """A time in ISO 8601 (UTC if it names no zone), or so long before `now`: `90m`, `12h`, `3d`.

    In UTC. Raises `ValueError`.
    """
    ago = _AGO.fullmatch(text.strip())
    try:
        if ago:
            return (now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})).astimezone(UTC)
        found = datetime.fromisoformat(text.strip())
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is neither a time (ISO 8601) nor 90m, 12h or 3d") from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
