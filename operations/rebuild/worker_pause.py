"""The local stack's stream workers, stopped for as long as something is done to their tables."""

from collections.abc import Iterator
from contextlib import contextmanager

from operations.local import control, launch
from operations.local.folder import Folder


@contextmanager
def paused(folder: Folder) -> Iterator[None]:
    """Stops them gracefully and starts them afterwards, also those that had been stopped before.

    Raises `NotRunningError`, `ControlError`, `TimeoutError`.
    """
    workers = [part.name for part in launch.status(folder)[1] if part.name.startswith("streams-")]
    try:
        for name in workers:
            control.call(folder, "stop", name=name)
        yield
    finally:
        for name in workers:
            control.call(folder, "start", name=name)
