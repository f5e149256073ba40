"""A service whose clock is two hours off: counted once, refused by nobody, and seen in a metric."""

import json
import urllib.request
from typing import Any

import pytest

from operations.chaos.clocks import AHEAD_SECONDS
from operations.local import clock, control
from tests.faults.conditions import agreed, until
from tests.faults.posting import post_many
from tests.running_stack import RunningStack

pytestmark = pytest.mark.skipif(not clock.library(), reason="libfaketime is not installed")

_TWEETS = 50


@pytest.mark.parametrize(
    ("service", "ahead"),
    [("gateway", AHEAD_SECONDS), ("gateway", -AHEAD_SECONDS), ("producer", AHEAD_SECONDS)],
)
def test_what_is_accepted_then_is_counted_once_and_in_the_last_minute(
    healthy: RunningStack, service: str, ahead: int
) -> None:
    before = agreed(healthy)
    control.call(healthy.folder, "clock", name=service, ahead_seconds=ahead)
    try:
        answers = post_many(healthy.endpoints.gateway, _TWEETS)
        # At once: a minute later they are no longer there.
        until(lambda: _last_minute(healthy) >= _TWEETS)
        difference = _told(healthy, service) - _told(healthy, "writer")
    finally:
        control.call(healthy.folder, "clock", name=service, ahead_seconds=0)
    assert {answer.status for answer in answers} == {202}
    assert abs(difference - ahead) < 60
    assert agreed(healthy).mongo - before.mongo == _TWEETS


def _told(stack: RunningStack, service: str) -> float:
    url, name = f"{stack.endpoints.services[service]}/metrics", f"weather_{service}_time_seconds "
    with urllib.request.urlopen(url, timeout=30) as reply:  # noqa: S310 (the address is ours)
        lines: list[str] = reply.read().decode().splitlines()
    return float(next(line for line in lines if line.startswith(name)).removeprefix(name))


def _last_minute(stack: RunningStack) -> int:
    with urllib.request.urlopen(stack.endpoints.stats[0], timeout=30) as reply:  # noqa: S310
        stats: dict[str, Any] = json.load(reply)
    return int(stats["last_minute"]["messages"])
