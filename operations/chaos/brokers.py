"""Faults of one broker among several."""

import asyncio
import signal
import time

from aiokafka.errors import KafkaError

from operations.chaos.field import Field
from operations.chaos.schedule import Fault
from operations.local import control, kafka_replicas

_ROLL_SECONDS = 240.0
_SYNC_SECONDS = 90.0
_PAUSE_SECONDS = 0.5


async def strike(field: Field, fault: Fault) -> tuple[str, float]:
    """A frozen or stopped broker is back before it returns; a killed one may still be away."""
    # Two at once are more than three brokers bear, and a single one is what is struck here.
    async with asyncio.timeout(_SYNC_SECONDS):
        while not await _in_sync(field):  # noqa: ASYNC110 (Kafka tells nobody)
            await asyncio.sleep(_PAUSE_SECONDS)
    brokers = field.brokers()
    name = brokers[min(int(fault.chance * len(brokers)), len(brokers) - 1)]
    match fault.kind:
        case "leader":
            by_number = await kafka_replicas.by_broker(field.kafka)
            name = f"kafka-{max(by_number, key=lambda number: by_number[number].leads)}"
            return name, field.signal(name, signal.SIGKILL)
        case "freeze":
            return name, await field.pause(name, fault.seconds)
        case "away":
            moment = time.monotonic()
            await asyncio.to_thread(control.call, field.folder, "stop", name=name)
            try:
                await asyncio.sleep(fault.seconds)
            finally:
                await asyncio.to_thread(control.call, field.folder, "start", name=name)
            return name, moment
    moment = time.monotonic()
    await asyncio.to_thread(
        control.call, field.folder, "restart", name="kafka", timeout_seconds=_ROLL_SECONDS
    )
    return "kafka", moment


async def _in_sync(field: Field) -> bool:
    try:
        return await kafka_replicas.all_in_sync(field.kafka)
    except (KafkaError, OSError):
        return False
