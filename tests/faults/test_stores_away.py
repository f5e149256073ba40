"""Without a store, accepting goes on; processing waits and catches up by itself."""

import pytest

from operations.local import control
from tests.faults.conditions import agreed
from tests.faults.posting import post_many
from tests.running_stack import RunningStack


@pytest.mark.parametrize("store", ["redis", "mongo"])
def test_tweets_are_accepted_and_processed_when_the_store_is_back(healthy: RunningStack, store: str) -> None:
    before = agreed(healthy)
    control.call(healthy.folder, "stop", name=store)
    try:
        answers = post_many(healthy.endpoints.gateway, 100)
    finally:
        control.call(healthy.folder, "start", name=store)
    assert {answer.status for answer in answers} == {202}
    assert agreed(healthy).mongo - before.mongo == 100


def test_a_wiped_redis_is_exact_again(healthy: RunningStack) -> None:
    before = agreed(healthy)
    control.call(healthy.folder, "restart", name="redis", wipe=True)
    assert agreed(healthy).redis_total == before.redis_total
