"""Follows the file of keys while the gateway runs: a key that is taken out is refused within two seconds."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from gateway.keys import key_file, last_good
from gateway.keys.key_file import Key, KeyFileError
from weather_tweets.metrics import GatewayMetrics

log = logging.getLogger(__name__)

# The file is read, and not only looked at: two changes may have one time and one length.
POLL_SECONDS = 0.5


class KeyFile:
    """The file, from which `keys` were read at the start.

    If it cannot be used then, they are those that other processes of this gateway used last. Raises
    `KeyFileError` if there are none.
    """

    def __init__(self, path: Path, metrics: GatewayMetrics) -> None:
        self.trouble = ""
        """Why the file cannot be used now; empty: it is in use."""
        self._path = path
        self._metrics = metrics
        self._judged = self._look()
        """What was in the file when it was last taken or refused; a sentence if it could not be read."""
        try:
            self.keys = self._parse(self._judged)
        except KeyFileError as error:
            good = last_good.content()
            if good is None:
                raise
            self.keys = key_file.parse(good)
            self._refuse(error)

    async def follow(self, take: Callable[[list[Key]], None]) -> None:
        """Hands each new state of the file to `take`, for ever. While it cannot be used, the last one holds.

        It is taken when it is the same twice: else somebody may be writing it still.
        """
        previous = self._judged
        while True:
            await asyncio.sleep(POLL_SECONDS)
            try:
                found = await asyncio.to_thread(self._look)
                if found == previous and found != self._judged:
                    self._judged = found
                    self._judge(found, take)
                previous = found
            except Exception as error:
                log.exception("Unexpected error while following the file of keys")
                self._say(f"unexpected {type(error).__name__}, see the log")

    def _look(self) -> bytes | str:
        try:
            return key_file.content(self._path)
        except KeyFileError as error:
            return str(error)

    def _judge(self, found: bytes | str, take: Callable[[list[Key]], None]) -> None:
        try:
            keys = self._parse(found)
        except KeyFileError as error:
            self._refuse(error)
            return
        take(keys)
        log.info("The file of keys has changed: %d names", len(keys))
        self._say("")

    def _parse(self, found: bytes | str) -> list[Key]:
        if isinstance(found, str):
            raise KeyFileError(found)
        keys = key_file.parse(found)
        last_good.save(found)
        return keys

    def _refuse(self, error: KeyFileError) -> None:
        log.error("The keys of before still hold: %s", error)
        self._say(str(error))

    def _say(self, trouble: str) -> None:
        self.trouble = trouble
        self._metrics.keys_file_unusable.set(bool(trouble))
