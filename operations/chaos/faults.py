"""Carries a fault out on a running local stack."""

import asyncio
import os
import signal
import time
from contextlib import suppress

from operations.chaos.schedule import Fault
from operations.local import control, endpoints
from operations.local.folder import Folder


async def strike(folder: Folder, fault: Fault) -> tuple[str, float]:
    """Does it, and returns the name of the part that was struck and the moment (`time.monotonic()`).

    The moment is when the part stopped working; a pause has ended when this returns, whereas a killed part
    may still be away. Raises `ControlError` when the supervisor cannot do its share.
    """
    match fault.kind:
        case "kill":
            name = _part(folder, fault)
            moment = _signal(folder, name, signal.SIGKILL)
        case "pause":
            name = _part(folder, fault)
            moment = _signal(folder, name, signal.SIGSTOP)
            try:
                await asyncio.sleep(fault.seconds)
            finally:
                _signal(folder, name, signal.SIGCONT)
        case "wipe":
            name, moment = fault.target, time.monotonic()
            await asyncio.to_thread(control.call, folder, "restart", name=name, wipe=True)
        case "restart":
            name, moment = _part(folder, fault), time.monotonic()
            await asyncio.to_thread(control.call, folder, "restart", name=name)
        case "scale":
            name, moment = f"streams to {fault.workers}", time.monotonic()
            await asyncio.to_thread(control.call, folder, "scale", workers=fault.workers)
    return name, moment


def _part(folder: Folder, fault: Fault) -> str:
    """The part's name; of several of a kind (workers, brokers) the last that runs."""
    running = endpoints.read(folder).pids
    if fault.target in running:
        return fault.target
    return max((name for name in running if name.startswith(f"{fault.target}-")), default=fault.target)


def _signal(folder: Folder, name: str, number: signal.Signals) -> float:
    for pid in endpoints.read(folder).pids.get(name, ()):
        # It may have been replaced by the supervisor while it was paused.
        with suppress(ProcessLookupError):
            os.kill(pid, number)
    return time.monotonic()
