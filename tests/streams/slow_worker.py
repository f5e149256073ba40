"""A worker that takes `DRAINS` seconds to stop, of which it has `STOPS`.

After SIGUSR1 it begins anew, after SIGUSR2 it crashes. When its loop has ended its main run, and before the
loop runs again in order to drain, it is sent the signal `BETWEEN`, if that is not 0.
"""

import asyncio
import os
import signal

import faust
import uvloop
from mode import Service

from streams import restart
from streams.restart import Worker


class Slow(Service):
    """Says what it does."""

    async def on_start(self) -> None:
        print("started", flush=True)  # noqa: T201

    async def on_stop(self) -> None:
        print("draining", flush=True)  # noqa: T201
        await asyncio.sleep(float(os.environ["DRAINS"]))


class SlowWorker(Worker):
    """Without Faust's own services, and with a signal that has it begin anew."""

    def on_init_dependencies(self) -> list[Service]:
        return [Slow()]

    def on_worker_shutdown(self) -> None:
        if between := int(os.environ["BETWEEN"]):
            signal.raise_signal(signal.Signals(between))

    def _on_sigusr1(self) -> None:
        self.begin_anew("a test wants it")

    def _on_sigusr2(self) -> None:
        self._crashing = asyncio.ensure_future(self.crash(RuntimeError("a test wants it")))


if __name__ == "__main__":
    restart.STOP_SECONDS = restart.CRASH_SECONDS = float(os.environ["STOPS"])
    app = faust.App("slow", broker="memory://", datadir=os.environ["DATA"])
    SlowWorker(app, loglevel="WARNING", loop=uvloop.new_event_loop()).execute_from_commandline()
