"""Parts of a stack for a stage: real ones, in a folder of their own, each started when it is asked for."""

import asyncio
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import chain, count
from pathlib import Path

from redis import Redis

from bench import profiled
from bench.failure import StageFailedError
from operations.audit import audit
from operations.audit_sources import of_stack
from operations.local import leftovers
from operations.local.endpoints import Endpoints
from operations.local.folder import Folder
from operations.local.part import Part
from operations.local.services import Service, StreamsWorker
from operations.local.sessions import by_leader
from operations.local.stack import Stack
from weather_tweets.kafka import ensure_topics

SETTLE_SECONDS = 300.0
"""How long the stores may take to agree; a backlog may still be on its way."""


class StoresDisagreeError(StageFailedError):
    """Speed was bought with exactness; the message says where the stores differ."""


class Parts:
    """The parts by name: `kafka`, `redis`, `mongo`, `producer`, `writer`, `gateway`, and the workers."""

    def __init__(self, folder: Folder, profiles: Path | None = None) -> None:
        """With `profiles` our services run under a profiler, whose flame graphs stand there in the end."""
        self.folder = folder
        self._profiles = profiles
        self.stack = Stack(folder)
        self.workers: list[StreamsWorker] = []
        self._parts: dict[str, Part] = {
            part.name: part for part in (*self.stack.real_parts, *self.stack.services())
        }
        self._running: list[Part] = []

    def start(self, *names: str) -> None:
        """Starts these, one after another; returns when the last one answers. Raises `PartFailedError`."""
        for name in names:
            self.run(self._parts[name])
            if name == "kafka":
                asyncio.run(ensure_topics(self.stack.kafka_settings()))

    def start_worker(self, **settings: str) -> StreamsWorker:
        """One more worker of the streams; returns when it answers, its table may still recover."""
        worker = self.stack.streams_worker(len(self.workers) + 1, settings)
        self.workers.append(worker)
        self.run(worker)
        return worker

    def run(self, part: Part) -> None:
        """Starts any part, also one that the stack does not have; it ends with the others."""
        if self._profiles and isinstance(part, Service):
            part.wrapper = profiled.wrapper(_new_file(self._profiles, part.name))
        self._running.append(part)
        part.start()

    def stop(self, part: Part) -> None:
        """Lets one part drain and end."""
        part.stop()
        self._running.remove(part)
        if part in self.workers:
            self.workers.remove(part)

    def begin_anew(self, name: str, *, partitions: int = 6) -> None:
        """Empty stores for the workers to come: topics, group and database of that name, an empty Redis."""
        os.environ.update({
            "WEATHER_KAFKA_TOPIC": name,
            "WEATHER_KAFKA_DEAD_TOPIC": f"{name}.dead",
            "WEATHER_KAFKA_PARTITIONS": str(partitions),
            "WEATHER_STREAMS_APP_ID": name,
            "WEATHER_MONGO_DATABASE": name,
        })  # fmt: skip
        asyncio.run(ensure_topics(self.stack.kafka_settings()))
        with Redis.from_url(self.stack.redis) as redis:
            redis.flushall()

    def part(self, name: str) -> Part:
        """One of them, to kill it or to start it again."""
        return self._parts[name]

    def service(self, name: str) -> Service:
        """One of our services, for its port and process."""
        part = self.part(name)
        assert isinstance(part, Service)  # noqa: S101 (a stage that asks for another is wrong itself)
        return part

    def processes(self) -> dict[str, list[int]]:
        """Processes of every part that runs, by name."""
        sessions = by_leader()
        return {part.name: sessions.get(part.pid, []) for part in self._running if part.pid}

    @property
    def endpoints(self) -> Endpoints:
        """As of a stack that `weather-tweets up` started."""
        return self.stack.endpoints(self.workers, self.processes())

    def audit(self) -> None:
        """Returns when all stores agree; else, after `SETTLE_SECONDS`, `StoresDisagreeError`."""
        differences = audit(of_stack(self.endpoints), wait_seconds=SETTLE_SECONDS).differences
        if differences:
            raise StoresDisagreeError("\n".join(differences))

    def end(self) -> None:
        """Ends every part: what is kept, is kept for nobody."""
        for part in reversed(self._running):
            if part.wrapper:
                # The profiler draws when the part has ended by itself.
                part.stop()
            else:
                part.kill()
        self._running.clear()
        self.stack.close()


def _new_file(folder: Path, name: str) -> Path:
    """`<name>.svg`, `<name>-2.svg` and so on: one for each start."""
    folder.mkdir(parents=True, exist_ok=True)
    names = (f"{name}{suffix}.svg" for suffix in chain([""], (f"-{number}" for number in count(2))))
    return next(file for each in names if not (file := folder / each).exists())


@contextmanager
def parts(path: Path, settings: Mapping[str, str], profiles: Path | None = None) -> Iterator[Parts]:
    """Parts with these settings (environment variables) in the folder, which is removed in the end."""
    folder = Folder(path)
    folder.purge()
    folder.make()
    before = dict(os.environ)
    os.environ.update({"WEATHER_STACK_USUAL_PORTS": "false", leftovers.MARK: str(folder.path), **settings})
    try:
        made = Parts(folder, profiles)
        try:
            yield made
        finally:
            made.end()
    finally:
        os.environ.clear()
        os.environ.update(before)
        folder.purge()
