"""What a test of faults waits for. In this process: a command line of its own costs seconds each time."""

import time
from collections.abc import Callable
from typing import Any

from tests.running_stack import RunningStack
from weather_tweets import audit
from weather_tweets.audit_sources import of_stack
from weather_tweets.local import control

DEADLINE_SECONDS = 90


def until(condition: Callable[[], bool]) -> None:
    """Waits for a condition, and fails when it does not come."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def parts(stack: RunningStack) -> dict[str, dict[str, Any]]:
    """The parts by name, as `status` shows them."""
    return {part["name"]: part for part in control.call(stack.folder, "status")["parts"]}


def agreed(stack: RunningStack) -> audit.Counts:
    """The counts of all stores as soon as they agree; fails with the differences when they do not."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        counts = audit.audit(of_stack(stack.endpoints), timeout_seconds=DEADLINE_SECONDS)
        if counts.agree:
            return counts
        assert time.monotonic() < deadline, counts.differences
