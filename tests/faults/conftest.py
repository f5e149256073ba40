import pytest

from tests.faults.conditions import agreed, parts, until
from tests.running_stack import RunningStack


@pytest.fixture
def healthy(stack: RunningStack) -> RunningStack:
    """The shared stack with every part ready and all stores agreeing."""
    until(lambda: all(part["state"] == "ready" for part in parts(stack).values()))
    agreed(stack)
    return stack
