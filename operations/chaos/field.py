"""Where faults strike: the stack, and the load on it."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import NamedTuple

from operations.chaos.client import Client
from operations.local import endpoints
from operations.local.folder import Folder
from weather_tweets.settings import KafkaSettings, RedisSettings


class Field(NamedTuple):
    folder: Folder
    kafka: KafkaSettings
    """As who may do anything to topics."""
    redis: RedisSettings
    client: Client
    all_counted: Callable[[], Awaitable[None]]
    """Returns when all that is in Kafka is counted. Raises `TimeoutError`."""
    made_anew: Callable[[], None]
    """To be called before the topic begins a further life."""

    def part(self, target: str) -> str:
        """The part's name; of several of a kind (workers, brokers) the last that runs."""
        running = endpoints.read(self.folder).pids
        if target in running:
            return target
        return max((name for name in running if name.startswith(f"{target}-")), default=target)

    def brokers(self) -> list[str]:
        """The names of all brokers that run."""
        return sorted(name for name in endpoints.read(self.folder).pids if name.partition("-")[0] == "kafka")

    def signal(self, name: str, number: signal.Signals) -> float:
        """Sends it to every process of the part; returns the moment."""
        for pid in endpoints.read(self.folder).pids.get(name, ()):
            # It may have been replaced by the supervisor while it was paused.
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        return time.monotonic()

    async def pause(self, name: str, seconds: float) -> float:
        """Stops the part's processes for so long; returns when that began."""
        moment = self.signal(name, signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            self.signal(name, signal.SIGCONT)
        return moment
