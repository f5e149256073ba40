"""Times as answers have them."""

from datetime import datetime


def text_of(at: datetime) -> str:
    """RFC 3339 in UTC with milliseconds; `at` is in UTC."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
