from collections.abc import Iterator
from pathlib import Path

import pytest

from operations.local.kafka import Kafka
from tests.operations.rebuild.damaged import Damaged


@pytest.fixture
def damaged(tmp_path: Path, kafka: Kafka, redis_url: str, mongo_url: str) -> Iterator[Damaged]:
    """A topic with stores of the test's own; workers that are still running at its end are killed."""
    damaged = Damaged(tmp_path, kafka.bootstrap_servers, redis_url, mongo_url)
    yield damaged
    damaged.close()
