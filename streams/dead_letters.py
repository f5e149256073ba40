"""Records that are no tweets go to a topic of their own, as they were, with the reason."""

import asyncio
from collections.abc import Sequence

from faust.types import AppT

from streams import dead_letter_headers
from streams.dead_letter_headers import Origin
from streams.decoding import DeadLetter

MAX_VALUE_BYTES = 900_000
"""What is longer is cut, and a header says how long it was: together with the headers it would be more than a
broker takes by default, and a dead letter that cannot be delivered would hold up its partition."""

_MAX_REASON_CHARACTERS = 500
_MAX_HEADER_BYTES = 64_000
"""Of the record's own headers, for the same reason; if they are longer, it goes without."""


class DeadLetters:
    """The topic of dead letters. At least once: a letter that comes twice bears the same headers."""

    def __init__(self, app: AppT, topic: str, *, source: str) -> None:
        """Sends letters that were records of the topic `source` with the app's producer."""
        self._app = app
        self._topic = topic
        self._source = source

    async def send(self, partition: int, letters: Sequence[DeadLetter]) -> None:
        """Returns when Kafka has acknowledged all of them (`acks=all`). Raises when it has not."""
        acknowledgements = [await self._send(partition, letter) for letter in letters]
        await asyncio.gather(*acknowledgements)

    async def _send(self, partition: int, letter: DeadLetter) -> "asyncio.Future[object]":
        value = letter.value or b""
        origin = Origin(
            self._source,
            partition,
            letter.offset,
            letter.reason[:_MAX_REASON_CHARACTERS],
            letter.exception,
            len(value) if len(value) > MAX_VALUE_BYTES else None,
        )
        own = sum(len(name) + len(content) for name, content in letter.headers) <= _MAX_HEADER_BYTES
        acknowledgement = await self._app.producer.send(
            self._topic,
            key=letter.key,
            value=value[:MAX_VALUE_BYTES],
            partition=None,
            timestamp=None,
            headers=[*(letter.headers if own else ()), *dead_letter_headers.write(origin)],
        )
        return asyncio.ensure_future(acknowledgement)
