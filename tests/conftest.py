"""Real parts for tests, each started once per session, on free ports, when the first test asks for it."""

import os
from collections.abc import Iterator
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from redis import Redis as RedisClient

from operations.local.kafka import Kafka
from operations.local.mongo import Mongo
from operations.local.part import Part
from operations.local.redis import Redis
from tests.placement import Placement, longest_first
from tests.running_stack import RunningStack, run_stack

P = TypeVar("P", bound=Part)

# uvloop, which whoever imports `streams.app` installs, starts a process by fork(2); and while gRPC's threads
# run in this one, its handlers of forks crash about one child in fifty before it is what it is to become. No
# child needs them: each becomes another program at once. (asyncio's own loop uses vfork(2), which runs none.)
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"

# No timed assertion, also not by way of Hypothesis: the machine may be busy. And the same examples each time:
# what is to be found by chance is looked for by hand, with `--hypothesis-profile=thorough`.
settings.register_profile(
    "unhurried", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "thorough", deadline=None, max_examples=5000, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("unhurried")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Placement:
    """Where tests run side by side: the long ones first, and what shares running parts in one process."""
    config.option.loadscopereorder = False
    return Placement(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        items[:] = longest_first(items)


def _running(part: P) -> Iterator[P]:
    part.start()
    yield part
    part.kill()


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """A broker with `bootstrap_servers`; who stops or kills it starts it again."""
    yield from _running(Kafka(tmp_path_factory.mktemp("kafka")))


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    """A server; who stops or kills it starts it again."""
    yield from _running(Redis(tmp_path_factory.mktemp("redis")))


@pytest.fixture
def redis_url(redis_server: Redis) -> str:
    """URL of a server that is empty when the test begins."""
    with RedisClient.from_url(redis_server.url) as client:
        client.flushall()
    return redis_server.url


@pytest.fixture(scope="session")
def mongo_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mongo]:
    """A server; who stops or kills it starts it again."""
    yield from _running(Mongo(tmp_path_factory.mktemp("mongo")))


@pytest.fixture(scope="session")
def mongo_url(mongo_server: Mongo) -> str:
    """URL of a server that all tests share: take a database of your own."""
    return mongo_server.url


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """The whole stack, running, for the tests of one file; who kills a part waits until it is back.

    Not for the session, because seven processes would take their time from all the tests to come.
    """
    yield from run_stack(tmp_path_factory.mktemp("stack") / "data")
