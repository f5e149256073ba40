"""Faults of one service's clock."""

import asyncio
import time

from operations.chaos.field import Field
from operations.chaos.schedule import Fault
from operations.local import control

AHEAD_SECONDS = 7_200
"""Well beyond the hour that Kafka by default lets a record's time be ahead of its own."""


async def strike(field: Field, fault: Fault) -> tuple[str, float]:
    """The clock is right again when this returns."""
    name = field.part(fault.target)
    ahead = AHEAD_SECONDS if fault.kind == "ahead" else -AHEAD_SECONDS
    moment = time.monotonic()
    try:
        await asyncio.to_thread(control.call, field.folder, "clock", name=name, ahead_seconds=ahead)
        await asyncio.sleep(fault.seconds)
    finally:
        await asyncio.to_thread(control.call, field.folder, "clock", name=name, ahead_seconds=0)
    return name, moment
