"""Keeps one part running: starts it, waits until it answers, and starts it again when it dies or is stuck."""

import asyncio
import logging
import os
import shutil
import signal
import time
from collections.abc import Callable
from subprocess import SubprocessError
from typing import Literal

import msgspec

from operations.local.jars import JarsMissingError
from operations.local.part import READY_SECONDS, Part, PartFailedError
from operations.local.services import Service

log = logging.getLogger(__name__)

State = Literal["starting", "ready", "waiting", "stopped"]

_POLL_SECONDS = 0.1
# The first restart is at once, so that a killed service accepts again within 3 s.
_BACKOFF_SECONDS = (0.0, 0.5, 1.0, 2.0, 4.0)
# Who ran this long has earned an immediate restart again.
_STABLE_SECONDS = 10.0

_HEALTH_SECONDS = 3.0
# In a row: some 24 s of silence. A process stopped for less than that goes on where it was.
_HEALTH_FAILURES = 3


class PartStatus(msgspec.Struct, frozen=True):
    """One part as `status` shows it; times in seconds since the epoch."""

    name: str
    state: State
    pid: int | None
    port: int
    restarts: int
    since: float
    last_end: str | None


class Keeper:
    """One part and the task that keeps it running. For one event loop."""

    def __init__(self, part: Part, on_change: Callable[[], None]) -> None:
        """`on_change` is called, in the loop, whenever the part's state or process changed."""
        self.part = part
        self.state: State = "stopped"
        self.restarts = 0
        self.last_end: str | None = None
        self.since = time.time()
        self._on_change = on_change
        self._task: asyncio.Task[None] | None = None
        self._is_ready = asyncio.Event()

    @property
    def status(self) -> PartStatus:
        return PartStatus(
            name=self.part.name,
            state=self.state,
            pid=self.part.pid,
            port=self.part.port,
            restarts=self.restarts,
            since=self.since,
            last_end=self.last_end,
        )

    def start(self) -> None:
        """Has the part run from now on."""
        if self._task is None:
            self._task = asyncio.create_task(self._keep(), name=f"keep {self.part.name}")

    async def ready(self) -> None:
        """Returns when the part answers, or has answered since it was last started."""
        await self._is_ready.wait()

    async def stop(self) -> None:
        """Stops the part gracefully; it stays stopped."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        await asyncio.to_thread(self.part.stop)
        self._become("stopped")

    async def restart(self, *, wipe: bool = False) -> None:
        """Stops the part and starts it again (`wipe`: without its data), not waiting until it answers."""
        await self.stop()
        if wipe:
            await asyncio.to_thread(shutil.rmtree, self.part.data_dir, ignore_errors=True)
        self.start()

    async def _keep(self) -> None:
        failures = 0
        while True:
            self._become("starting")
            started = time.monotonic()
            try:
                await self._start()
                self._become("ready")
                reason = await self._trouble()
            except (PartFailedError, JarsMissingError, OSError, SubprocessError) as error:
                reason = str(error)
            await asyncio.to_thread(self.part.kill)
            if time.monotonic() - started > _STABLE_SECONDS:
                failures = 0
            delay = _BACKOFF_SECONDS[min(failures, len(_BACKOFF_SECONDS) - 1)]
            failures += 1
            self.restarts += 1
            self.last_end = reason
            log.warning("%s: %s; restart %d in %g s", self.part.name, reason, self.restarts, delay)
            self._become("waiting")
            await asyncio.sleep(delay)

    async def _start(self) -> None:
        spawning = asyncio.create_task(asyncio.to_thread(self.part.spawn))
        try:
            await asyncio.shield(spawning)
        except asyncio.CancelledError:
            # The thread cannot be taken back: who stops the part must find its process.
            await asyncio.wait([spawning])
            raise
        self._on_change()
        deadline = time.monotonic() + READY_SECONDS
        while not await asyncio.to_thread(self.part.answers):
            if self.part.pid is None:
                raise PartFailedError(_how_it_ended(self.part.exit_status))
            # A healthy service that is not ready waits for another part: its restart would not help.
            if time.monotonic() > deadline and not await asyncio.to_thread(self._is_healthy):
                raise PartFailedError(f"did not answer within {READY_SECONDS:g} s")
            await asyncio.sleep(_POLL_SECONDS)

    async def _trouble(self) -> str:
        """Returns, saying why, when the part has ended or has failed its health check for good."""
        ended = asyncio.create_task(self._ended())
        failures = 0
        try:
            while failures < _HEALTH_FAILURES:
                done, _ = await asyncio.wait([ended], timeout=_HEALTH_SECONDS)
                if done:
                    return _how_it_ended(self.part.exit_status)
                failures = 0 if await asyncio.to_thread(self._is_healthy) else failures + 1
            return "stuck: failed its health check"
        finally:
            ended.cancel()

    def _is_healthy(self) -> bool:
        return not isinstance(self.part, Service) or self.part.healthy()

    async def _ended(self) -> None:
        pid = self.part.pid
        if pid is None:
            return
        loop = asyncio.get_running_loop()
        over = asyncio.Event()
        descriptor = os.pidfd_open(pid)
        loop.add_reader(descriptor, over.set)
        try:
            await over.wait()
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)

    def _become(self, state: State) -> None:
        if state != self.state:
            self.state = state
            self.since = time.time()
        if state == "ready":
            self._is_ready.set()
        else:
            self._is_ready.clear()
        self._on_change()


def _how_it_ended(status: int | None) -> str:
    if status is not None and status < 0:
        return f"killed by {signal.Signals(-status).name}"
    return f"ended with status {status}"
