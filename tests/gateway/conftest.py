from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sanic import Sanic

from tests.gateway.doors import Door, opened
from tests.gateway.producers import FakeProducer


@pytest.fixture(scope="session", autouse=True)
def several_apps_in_one_process() -> None:
    Sanic.test_mode = True


@pytest_asyncio.fixture
async def producer() -> AsyncIterator[FakeProducer]:
    """A producer that acknowledges everything, until it is told otherwise."""
    producer = FakeProducer()
    await producer.start()
    yield producer
    producer.answering.set()
    await producer.kill()


@pytest_asyncio.fixture
async def door(producer: FakeProducer) -> AsyncIterator[Door]:
    """A gateway that is ready."""
    async with opened(producer_target=producer.target) as door:
        await door.wait_until_ready()
        yield door
