from collections.abc import Iterator

import pytest

from tests.faults.conditions import agreed, until
from tests.running_stack import RunningStack, run_stack


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """One stack for all faults: what one leaves behind is the next one's start."""
    yield from run_stack(tmp_path_factory.mktemp("stack") / "data")


@pytest.fixture
def healthy(stack: RunningStack) -> RunningStack:
    """The shared stack with every part ready and all stores agreeing."""
    until(lambda: all(part.state == "ready" for part in stack.parts().values()))
    agreed(stack)
    return stack
