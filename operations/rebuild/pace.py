"""Not faster than was asked, so that what is live keeps its share of the stores."""

import time
from collections.abc import Callable


class Pace:
    """At most `per_second` on average, without catching up on what was slower; 0: no limit."""

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._clock = clock
        self._free_at = clock()

    def pause_seconds(self, count: int) -> float:
        """How long to wait before `count` more are done."""
        if not self._per_second:
            return 0.0
        now = self._clock()
        begin = max(self._free_at, now)
        self._free_at = begin + count / self._per_second
        return begin - now
