"""The letters in the topic of dead letters, each once."""

import re
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import ConsumerRecord

from streams import dead_letter_headers
from streams.dead_letter_headers import Headers, Origin
from streams.decoding import NoTweetError, reader
from weather_tweets.kafka import client_options
from weather_tweets.settings import KafkaSettings
from weather_tweets.tweet import Tweet

_WAIT_MS = 1000
_DIGEST_CHARACTERS = 6
_VARYING = re.compile(r"U\+[0-9A-F]{4,6}|\d[\d,.]*|'[^']*'")
_read = reader()


class Letter(NamedTuple):
    """A record that was refused, as it was."""

    origin: Origin
    key: bytes | None
    value: bytes
    headers: Headers
    """Its own."""
    timestamp: int
    """When it was refused, in milliseconds since the epoch."""

    @property
    def offset(self) -> int:
        return self.origin.offset

    @property
    def identity(self) -> str:
        """The same for every copy of it, and for nothing else, not even where a topic was made anew."""
        return f"{self.origin.topic}/{self.origin.partition}/{self.offset}/{self._digest()}"

    @property
    def id(self) -> str:
        """What people name it by: partition, offset, and the beginning of a digest of the content."""
        return f"{self.origin.partition}-{self.offset}-{self._digest()[:_DIGEST_CHARACTERS]}"

    @property
    def kind(self) -> str:
        """The reason without what differs from record to record."""
        return _VARYING.sub("…", self.origin.reason)

    def _digest(self) -> str:
        return sha256((self.key or b"") + b"\0" + self.value).hexdigest()

    def as_tweet(self) -> Tweet:
        """The tweet that it is by today's rules. Raises `NoTweetError`."""
        if self.origin.cut_from_bytes is not None:
            raise NoTweetError(
                f"of its {self.origin.cut_from_bytes:,} bytes only the first {len(self.value):,} were kept"
            )
        return _read(self.origin.topic, self.origin.partition, self)

    def mended(self, value: bytes) -> "Letter":
        """The same with another value."""
        return self._replace(value=value, origin=self.origin._replace(cut_from_bytes=None))


async def read(settings: KafkaSettings) -> AsyncIterator[Letter]:
    """Every letter that there is now, each once; a redelivered record may be in the topic several times.

    Raises `aiokafka.errors.KafkaError`.
    """
    seen: set[str] = set()
    consumer = AIOKafkaConsumer(
        settings.dead_topic,
        **client_options(settings),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:
        ends = await consumer.end_offsets(consumer.assignment())
        for partition, end in ends.items():
            while await consumer.position(partition) < end:
                for records in (await consumer.getmany(partition, timeout_ms=_WAIT_MS)).values():
                    for record in records:
                        if record.offset >= end:
                            break
                        letter = _letter(settings, record.partition, record)
                        if letter.identity not in seen:
                            seen.add(letter.identity)
                            yield letter
    finally:
        await consumer.stop()


def _letter(settings: KafkaSettings, partition: int, record: "ConsumerRecord[bytes, bytes]") -> Letter:
    try:
        origin, headers = dead_letter_headers.read(record.headers, topic=settings.topic)
    except ValueError as error:
        # Somebody else wrote it. It is shown, not passed over.
        origin, headers = (
            Origin(settings.dead_topic, partition, record.offset, str(error)),
            list(record.headers),
        )
    return Letter(origin, record.key, record.value or b"", headers, record.timestamp)
