"""What anybody may do to Redis: to its keys, and to its memory."""

import asyncio
import time

from redis.asyncio import Redis

from operations.chaos.field import Field
from operations.chaos.schedule import Fault

_MEMORY = "1mb"
"""Less than an empty Redis needs for itself: from then on nothing is written."""
_ADDED = 1_000


async def strike(field: Field, fault: Fault) -> tuple[str, float]:
    """Raises `redis.RedisError` where Redis refuses even that."""
    async with Redis.from_url(field.redis.url.get_secret_value(), decode_responses=True) as client:
        moment = time.monotonic()
        match fault.kind:
            case "fill":
                await client.config_set("maxmemory", _MEMORY)
                try:
                    await asyncio.sleep(fault.seconds)
                finally:
                    await client.config_set("maxmemory", "0")
            case "delete":
                await client.delete(fault.target)
            case "raise":
                fields = await client.hkeys(fault.target)
                # Of a position there is nothing to raise.
                numbers = sorted(name for name in fields if name != "position")
                name = numbers[int(fault.chance * len(numbers))] if numbers else "messages"
                await client.hincrby(fault.target, name, _ADDED)
            case "retype":
                async with client.pipeline() as pipe:
                    pipe.delete(fault.target)
                    pipe.rpush(fault.target, "not", "ours")
                    await pipe.execute()
    return fault.target, moment
