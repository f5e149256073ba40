"""`python -m streams`, which kills itself: `DIES` is `before` or `after`, and the name of a sink.

`after` is before the worker can do anything else with the batch.
"""

import os
import runpy
import signal
from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any

from tests.streams.sinks import SINKS


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _dying(write: Callable[..., Any], *, before: bool) -> Callable[..., Any]:
    async def asynchronous(*args: Any) -> Any:
        if before:
            _die()
        await write(*args)
        _die()

    def synchronous(*args: Any) -> Any:
        if before:
            _die()
        write(*args)
        _die()

    return asynchronous if iscoroutinefunction(write) else synchronous


if __name__ == "__main__":
    when, name = os.environ["DIES"].split(maxsplit=1)
    ((owner, method),) = [sink.step for sink in SINKS if sink.name == name]
    setattr(owner, method, _dying(getattr(owner, method), before=when == "before"))
    runpy.run_module("streams", run_name="__main__", alter_sys=True)
