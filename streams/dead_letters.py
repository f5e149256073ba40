"""Records that are no tweets go to a topic of their own, as they were, with the reason."""

import asyncio
from collections.abc import Sequence

from faust.types import AppT

from streams.decoding import DeadLetter

MAX_VALUE_BYTES = 900_000
"""What is longer is cut, with its length in the header `bytes`: together with the headers it would be more
than a broker takes by default, and a dead letter that cannot be delivered would hold up its partition."""

_MAX_REASON_CHARACTERS = 500


class DeadLetters:
    """The topic of dead letters. At least once: a letter that comes twice bears the same headers."""

    def __init__(self, app: AppT, topic: str) -> None:
        """Sends with the app's producer."""
        self._app = app
        self._topic = topic

    async def send(self, partition: int, letters: Sequence[DeadLetter]) -> None:
        """Returns when Kafka has acknowledged all of them (`acks=all`). Raises when it has not."""
        acknowledgements = [await self._send(partition, letter) for letter in letters]
        await asyncio.gather(*acknowledgements)

    async def _send(self, partition: int, letter: DeadLetter) -> "asyncio.Future[object]":
        value = letter.value or b""
        headers = [
            ("reason", letter.reason[:_MAX_REASON_CHARACTERS].encode(errors="replace")),
            ("partition", str(partition).encode()),
            ("offset", str(letter.offset).encode()),
        ]
        if len(value) > MAX_VALUE_BYTES:
            headers.append(("bytes", str(len(value)).encode()))
        acknowledgement = await self._app.producer.send(
            self._topic,
            key=letter.key,
            value=value[:MAX_VALUE_BYTES],
            partition=None,
            timestamp=None,
            headers=headers,
        )
        return asyncio.ensure_future(acknowledgement)
