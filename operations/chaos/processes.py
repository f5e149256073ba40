"""Faults of one part's processes."""

import asyncio
import signal
import time

from operations.chaos.field import Field
from operations.chaos.schedule import Fault
from operations.local import control


async def strike(field: Field, fault: Fault) -> tuple[str, float]:
    """A pause has ended when this returns, whereas a killed part may still be away."""
    match fault.kind:
        case "kill":
            name = field.part(fault.target)
            return name, field.signal(name, signal.SIGKILL)
        case "pause":
            name = field.part(fault.target)
            return name, await field.pause(name, fault.seconds)
        case "wipe":
            name, moment = fault.target, time.monotonic()
            await asyncio.to_thread(control.call, field.folder, "restart", name=name, wipe=True)
        case "restart":
            name, moment = field.part(fault.target), time.monotonic()
            await asyncio.to_thread(control.call, field.folder, "restart", name=name)
        case _:
            name, moment = f"streams to {fault.workers}", time.monotonic()
            await asyncio.to_thread(control.call, field.folder, "scale", workers=fault.workers)
    return name, moment
