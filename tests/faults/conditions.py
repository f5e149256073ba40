"""What a test of faults waits for. In this process: a command line of its own costs seconds each time."""

import time
from collections.abc import Callable

from operations import audit
from operations.audit_sources import of_stack
from tests.running_stack import RunningStack

DEADLINE_SECONDS = 90


def until(condition: Callable[[], bool]) -> None:
    """Waits for a condition, and fails when it does not come."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def agreed(stack: RunningStack) -> audit.Counts:
    """The counts of all stores as soon as they agree; fails with the differences when they do not."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        counts = audit.audit(of_stack(stack.endpoints), wait_seconds=DEADLINE_SECONDS)
        if counts.agree:
            return counts
        assert time.monotonic() < deadline, counts.differences
