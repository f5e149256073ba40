"""An event loop whose time passes as fast as there is nothing to do.

Libraries for it exist: async-solipsism is under the GPL; looptime calls the selector for every step, which
takes twenty times as long, and changes the loops of all tests as a plugin of pytest's.
"""

import asyncio
from typing import Any


class StandstillError(AssertionError):
    """Everybody waits for something that will never happen."""


class VirtualTimeLoop(asyncio.BaseEventLoop):
    """Goes from timer to timer without waiting; knows no sockets, processes or threads."""

    def __init__(self) -> None:
        super().__init__()
        self._now_seconds = 0.0
        # What asyncio asks how long to wait for the world outside. There is none.
        self._selector = self

    def time(self) -> float:
        return self._now_seconds

    def select(self, timeout: float | None) -> list[Any]:
        """Takes a wait of so many seconds for done. Raises `StandstillError` for one without an end."""
        if timeout is None:
            raise StandstillError("nobody has anything to do any more")
        self._now_seconds += timeout
        return []

    def _process_events(self, event_list: list[Any]) -> None:
        pass

    def _write_to_self(self) -> None:
        pass
