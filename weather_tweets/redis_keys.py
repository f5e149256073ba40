"""Every key of Redis: two views that are never mixed, what was processed and what was accepted."""

# Processed (written by streams, exact).
COUNTRIES = "countries"
"""Hash: Spanish country name → messages processed."""
TOTALS = "totals"
"""Hash: `messages`, `dead`, `repeats`, `empty`, `lost` → offsets processed as each; `earlier` → those that
earlier epochs of the topic had. What is 0 may be missing."""
COUNTRY_CODES = "countries:codes"
"""Hash: Spanish country name → ISO 3166-1 alpha-2 code, of every country; for maps."""


TALLY = "tally:"
"""What the keys of `tally` begin with."""


def tally(partition: int) -> str:
    """Hash of one partition's absolute counts, whose sums `COUNTRIES` and `TOTALS` are.

    Fields: `messages`, `dead`, `repeats`, `empty`, `lost`, `earlier`, `country:<Spanish name>`, and
    `position`: the epoch and the offset up to which was counted, and when that was written (seconds since
    1970 by Redis' clock).
    """
    return f"{TALLY}{partition}"


# Accepted (written by ws_writer within milliseconds, best effort).
LIVE_COUNTRIES = "live:countries"
"""Hash: Spanish country name → tweets accepted."""
LIVE_TOTALS = "live:totals"
"""Hash: `messages` → tweets accepted."""
LIVE_SEALED = "live:sealed"
"""Hash: `messages` and `country:<Spanish name>` → the count and a seal. `LIVE_COUNTRIES` and `LIVE_TOTALS`
are made from it again when somebody else has written there."""
LIVE_RECENT = "live:recent"
"""Stream of the last tweets, trimmed: fields `id`, `texto`, `país`, `codigo`, `at`."""
LIVE_RATE = "live:rate"
"""Stream, one entry a second, trimmed to an hour: fields `accepted`, `processed` (tweets in that second)."""


def live_writer(writer_id: str) -> str:
    """String: number of a WebSocket writer's last batch, and its seal, so that one sent again counts once."""
    return f"live:writer:{writer_id}"
