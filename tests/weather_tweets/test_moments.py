from datetime import UTC, datetime

import pytest

from weather_tweets.moments import moment

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("90m", datetime(2026, 3, 1, 10, 30, tzinfo=UTC)),
        (" 12 h ", datetime(2026, 3, 1, 0, 0, tzinfo=UTC)),
        ("3d", datetime(2026, 2, 26, 12, 0, tzinfo=UTC)),
        ("2026-02-28", datetime(2026, 2, 28, 0, 0, tzinfo=UTC)),
        ("2026-02-28T06:00:00-06:00", datetime(2026, 2, 28, 12, 0, tzinfo=UTC)),
    ],
)
def test_a_time_or_so_long_ago(text: str, found: datetime) -> None:
    assert moment(text, NOW) == found


@pytest.mark.parametrize("text", ["", "yesterday", "3 weeks", "-1h", "99999999999d"])
def test_what_is_neither_is_refused_with_what_would_be_taken(text: str) -> None:
    with pytest.raises(ValueError, match="neither a time"):
        moment(text, NOW)
