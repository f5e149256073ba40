"""What an event, such as a broker's death, did to the system, second by second."""

import msgspec


class Timeline(msgspec.Struct, frozen=True):
    """Of a steady load; the lists have one value for each second from its beginning."""

    name: str
    marks: dict[str, float]
    """What befell the system → the second when it did."""
    sent: list[int]
    """Tweets whose time to be sent came in this second."""
    accepted: list[int]
    """Tweets that were answered 202 in this second."""
    processed: list[int]
    """Tweets whose count became visible in Redis in this second."""
    answer_p99_ms: list[float | None]
    """Of the tweets to be sent in this second, from that moment to the answer; None if none was accepted."""
    processed_p99_ms: list[float | None]
    """The same to the count's being visible."""
