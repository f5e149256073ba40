from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from tests.ws_writer.clients import Writer, running


@pytest.fixture
async def writer(redis_url: str) -> AsyncIterator[Writer]:
    """A running writer over an empty Redis."""
    async with running(redis_url) as writer:
        yield writer


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Any]:
    """A client of the tests' Redis."""
    async with Redis.from_url(redis_url, decode_responses=True) as client:
        yield client
