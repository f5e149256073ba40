"""Keeps the log readable while Kafka is away: aiokafka then says the same some fifty times a second."""

import logging
import time

EVERY_SECONDS = 10.0


class LogLimit(logging.Filter):
    """Lets the same message of the named loggers, and of those below them, through once every ten seconds.

    The same is what has the same beginning: the rest are addresses, numbers and tracebacks.
    """

    _BEGINNING_CHARACTERS = 40

    def __init__(self, loggers: tuple[str, ...] = ("aiokafka", "asyncio")) -> None:
        super().__init__()
        self._loggers = loggers
        self._said_at: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.partition(".")[0] not in self._loggers:
            return True
        what = record.name, str(record.msg)[: self._BEGINNING_CHARACTERS]
        now = time.monotonic()
        if now - self._said_at.get(what, -EVERY_SECONDS) < EVERY_SECONDS:
            return False
        self._said_at[what] = now
        return True
