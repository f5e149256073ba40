"""Records and batches as the transport hands them over."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from streams.transport import RecordBatch
from weather_tweets.tweet import Tweet, encode


@dataclass
class Record:
    offset: int
    value: bytes | None
    key: bytes | None = None
    timestamp: int = 1_700_000_000_000
    headers: Sequence[tuple[str, bytes]] = ()


def tweet(
    country: str = "Guatemala", code: str = "GT", *, id_: str | None = None, text: str = "Llueve"
) -> Tweet:
    return Tweet(id_ or str(uuid.uuid4()), text, country, code, 1_700_000_000_000)


def record_batch(
    values: Sequence[bytes | Tweet | None],
    *,
    first: int = 0,
    start: int | None = None,
    end: int | None = None,
    partition: int = 0,
) -> RecordBatch:
    """Consecutive records from offset `first` on, read from `start` (default: as `first`) to before `end`."""
    records = [
        Record(offset, encode(value) if isinstance(value, Tweet) else value)
        for offset, value in enumerate(values, first)
    ]
    return RecordBatch(
        records,
        topic="messages",
        partition=partition,
        start=first if start is None else start,
        end=first + len(records) if end is None else end,
    )
