"""Faults of a link between two parts."""

import asyncio
import time

from operations.chaos.field import Field
from operations.chaos.schedule import Fault
from operations.local import links
from operations.local.proxy.conditions import CALM, Conditions

_DELAY_SECONDS = 0.25
_JITTER_SECONDS = 0.15
_BYTES_PER_SECOND = 8_000
"""Less than the load needs on most links."""
_PIECE_BYTES = 3


async def strike(field: Field, fault: Fault) -> tuple[str, float]:
    """Mends the link again before it returns."""
    if fault.kind == "reset":
        await asyncio.to_thread(links.reset, field.folder, fault.target)
        return fault.target, time.monotonic()
    conditions, name = _conditions(fault)
    moment = time.monotonic()
    try:
        await asyncio.to_thread(links.become, field.folder, fault.target, conditions)
        await asyncio.sleep(fault.seconds)
    finally:
        await asyncio.to_thread(links.become, field.folder, fault.target, CALM)
    return name, moment


def _conditions(fault: Fault) -> tuple[Conditions, str]:
    match fault.kind:
        case "delay":
            return Conditions(delay_seconds=_DELAY_SECONDS, jitter_seconds=_JITTER_SECONDS), fault.target
        case "throttle":
            return Conditions(bytes_per_second=_BYTES_PER_SECOND), fault.target
        case "drip":
            return Conditions(piece_bytes=_PIECE_BYTES), fault.target
        case "cut":
            return Conditions(cut=True), fault.target
    if fault.chance < 0.5:
        return Conditions(silent=("up",)), f"{fault.target} up"
    return Conditions(silent=("down",)), f"{fault.target} down"
