"""The background process that keeps a stack running: lock → startup → serve → drain.

`python -m operations.local.supervisor FOLDER WORKERS [proxied]`; the command line starts it (`launch`).
"""

import asyncio
import logging
import signal
import sys
from pathlib import Path
from typing import Any

import msgspec
from aiokafka.errors import KafkaError

from operations.local import (
    clock,
    control,
    endpoints,
    kafka_layout,
    kafka_replicas,
    kafka_users,
    leftovers,
    logfiles,
)
from operations.local.folder import ALREADY_RUNNING, Folder
from operations.local.keeper import Keeper
from operations.local.part import Part
from operations.local.prometheus import SCRAPE_SECONDS, Prometheus
from operations.local.services import Service, StreamsWorker, get_ok
from operations.local.sessions import by_leader
from operations.local.stack import Stack
from weather_tweets.kafka import ensure_topics

log = logging.getLogger("operations.local.supervisor")

MAX_WORKERS = 64

_POLL_SECONDS = 0.2
_HOUSEKEEPING_SECONDS = 2.0


class Supervisor:
    """The parts of one stack, started in the order of their dependencies and kept running."""

    def __init__(self, folder: Folder, workers: int, *, proxied: bool = False) -> None:
        self._folder = folder
        self._workers = workers
        self._stack = Stack(folder, kafka_layout.kept(folder), proxied=proxied)
        self._keepers: dict[str, Keeper] = {}
        self._ready = False
        self._written: endpoints.Endpoints | None = None
        self._over = asyncio.Event()
        # Commands that change the stack come one after another.
        self._changing = asyncio.Lock()

    async def run(self) -> None:
        """Runs the stack until `down` or a signal ends it; then nothing of it is left."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._over.set)
        server = await control.serve(self._folder, self._handle)
        startup = asyncio.create_task(self._startup())
        housekeeping = asyncio.create_task(self._housekeeping())
        try:
            over = asyncio.create_task(self._over.wait())
            await asyncio.wait([over, startup], return_when=asyncio.FIRST_COMPLETED)
            if startup.done():
                # Raises what went wrong.
                startup.result()
            await over
        finally:
            startup.cancel()
            housekeeping.cancel()
            await asyncio.gather(startup, housekeeping, return_exceptions=True)
            await self._drain()
            server.close()
            self._folder.socket.unlink(missing_ok=True)

    async def _startup(self) -> None:
        await self._start_and_wait(self._stack.real_parts)
        await self._ensure_topics()
        workers = [self._stack.streams_worker(number + 1) for number in range(self._workers)]
        await self._start_and_wait([*self._stack.services(), *workers])
        await self._whole_cluster_answers()
        self._ready = True
        self._write_endpoints()
        log.info("ready")

    async def _start_and_wait(self, parts: list[Part]) -> None:
        keepers = [self._keep(part) for part in parts]
        await asyncio.gather(*(keeper.ready() for keeper in keepers))

    def _keep(self, part: Part) -> Keeper:
        keeper = self._keepers[part.name] = Keeper(part, self._write_endpoints)
        keeper.start()
        return keeper

    async def _ensure_topics(self) -> None:
        settings = self._stack.kafka_settings()
        while True:
            try:
                await ensure_topics(settings)
                if self._stack.cluster:
                    await kafka_users.grant(self._stack.cluster.users, settings)
                return
            except (KafkaError, OSError) as error:
                log.warning("topics: %r", error)
                await asyncio.sleep(_POLL_SECONDS)

    async def _whole_cluster_answers(self) -> None:
        """Returns when every partition has a worker with a recovered table."""
        for worker in self._stream_workers():
            while not await asyncio.to_thread(get_ok, worker.port, "/stats"):  # noqa: ASYNC110
                await asyncio.sleep(_POLL_SECONDS)

    async def _drain(self) -> None:
        # Against the way of a tweet: who is asked stops before who answers.
        workers = [worker.name for worker in self._stream_workers()]
        for names in (
            ["gateway"],
            ["producer", "writer", *workers],
            [*(part.name for part in self._stack.real_parts), Prometheus.name],
        ):
            keepers = [self._keepers[name] for name in names if name in self._keepers]
            await asyncio.gather(*(keeper.stop() for keeper in keepers))
        self._stack.close()
        self._folder.endpoints.unlink(missing_ok=True)

    async def _housekeeping(self) -> None:
        while True:
            await asyncio.sleep(_HOUSEKEEPING_SECONDS)
            logfiles.rotate(self._folder.logs)
            # Parts start and lose processes of their own.
            self._write_endpoints()

    async def _handle(self, request: dict[str, Any]) -> Any:
        match request:
            case {"command": "status"}:
                return self._status()
            case {"command": "down"}:
                self._over.set()
                return None
            case {"command": "scale", "workers": int(workers)} if 0 <= workers <= MAX_WORKERS:
                async with self._changing:
                    return await self._scale(workers)
            case {"command": "scale"}:
                raise control.ControlError(f"the number of workers must be from 0 to {MAX_WORKERS}")
            case {"command": "observe"}:
                async with self._changing:
                    return await self._observe(request.get("scrape_seconds", SCRAPE_SECONDS))
            case {"command": "restart", "name": "kafka"} if len(self._brokers()) > 1:
                async with self._changing:
                    return await self._roll_brokers()
            case {"command": "clock", "name": str(name), "ahead_seconds": int() | float() as ahead}:
                async with self._changing:
                    keeper = self._keeper(name)
                    if not isinstance(keeper.part, Service):
                        raise control.ControlError(f"only the clock of a service can be wrong, not {name}'s")
                    if not clock.library():
                        raise control.ControlError(
                            "libfaketime is not installed: apt-get install libfaketime"
                        )
                    keeper.part.clock_ahead_seconds = ahead
                    await keeper.restart()
                    return await keeper.ready()
            case {"command": "restart", "name": str(name)}:
                async with self._changing:
                    keeper = self._keeper(name)
                    await keeper.restart(wipe=bool(request.get("wipe")))
                    return await keeper.ready()
            case {"command": "stop", "name": str(name)}:
                async with self._changing:
                    return await self._keeper(name).stop()
            case {"command": "start", "name": str(name)}:
                async with self._changing:
                    keeper = self._keeper(name)
                    keeper.start()
                    return await keeper.ready()
        raise control.ControlError(f"unknown command: {request.get('command')}")

    async def _roll_brokers(self) -> None:
        """One after another, as an operator does: the next goes when what the last has missed is made up."""
        for name in self._brokers():
            keeper = self._keepers[name]
            await keeper.restart()
            await keeper.ready()
            while not await self._brokers_in_sync():  # noqa: ASYNC110 (Kafka tells nobody)
                await asyncio.sleep(_POLL_SECONDS)

    async def _brokers_in_sync(self) -> bool:
        try:
            return await kafka_replicas.all_in_sync(self._stack.kafka_settings())
        except (KafkaError, OSError):
            return False

    def _brokers(self) -> list[str]:
        return [node.name for node in self._stack.cluster.nodes] if self._stack.cluster else []

    def _keeper(self, name: str) -> Keeper:
        try:
            return self._keepers[name]
        except KeyError:
            raise control.ControlError(
                f"there is no part {name!r}; the parts are {', '.join(self._keepers)}"
            ) from None

    async def _scale(self, workers: int) -> None:
        present = self._stream_workers()
        surplus = [self._keepers.pop(worker.name) for worker in present[workers:]]
        await asyncio.gather(*(keeper.stop() for keeper in surplus))
        await self._start_and_wait(
            [self._stack.streams_worker(number + 1) for number in range(len(present), workers)]
        )
        if prometheus := self._prometheus():
            prometheus.watch(self._stack.scraped(self._stream_workers()))
        self._write_endpoints()

    async def _observe(self, scrape_seconds: int) -> str:
        if not self._prometheus():
            await self._start_and_wait([self._stack.prometheus(self._stream_workers(), scrape_seconds)])
        prometheus = self._prometheus()
        return prometheus.url if prometheus else ""

    def _prometheus(self) -> Prometheus | None:
        keeper = self._keepers.get(Prometheus.name)
        return keeper.part if keeper and isinstance(keeper.part, Prometheus) else None

    def _stream_workers(self) -> list[StreamsWorker]:
        return [keeper.part for keeper in self._keepers.values() if isinstance(keeper.part, StreamsWorker)]

    def _status(self) -> dict[str, Any]:
        return {
            "ready": self._ready,
            "parts": [msgspec.to_builtins(keeper.status) for keeper in self._keepers.values()],
        }

    def _write_endpoints(self) -> None:
        if not self._ready:
            return
        sessions = by_leader()
        pids = {
            name: sessions.get(pid, [pid])
            for name, keeper in self._keepers.items()
            if (pid := keeper.part.pid) is not None
        }
        current = self._stack.endpoints(self._stream_workers(), pids)
        if current != self._written:
            endpoints.write(self._folder, current)
            self._written = current


def main() -> None:
    folder = Folder(Path(sys.argv[1]))
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    held = folder.try_to_lock()
    if held is None:
        sys.exit(ALREADY_RUNNING)
    with held:
        # Of a supervisor that was killed before it could stop its parts.
        count = leftovers.end(folder.path)
        if count:
            log.warning("ended %d processes that a killed supervisor had left", count)
        asyncio.run(Supervisor(folder, int(sys.argv[2]), proxied="proxied" in sys.argv[3:]).run())


if __name__ == "__main__":
    main()
