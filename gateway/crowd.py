"""Whether more requests are to be expected: how many there lately were at once.

Clients that wait for their answer before they send again (a closed loop) are all here when as many requests
are here as there were at most; to wait for one more would be in vain. Where requests come by themselves (an
open loop), more than these are a crowd larger than lately, which has waited long enough, too. Who is alone
is always all there is.
"""

WINDOW_SECONDS = 0.1
"""A crowd is remembered for one to two of these: several times what an answer takes."""


class Crowd:
    """Counts the requests that are here, and the most that were here of late."""

    def __init__(self) -> None:
        self.here = 0
        """Requests without an answer."""
        self._most = 0
        self._most_before = 0
        self._window_ends = 0.0

    def enter(self, now: float) -> None:
        """One more; `now` is in seconds of a clock that never goes back."""
        self._turn(now)
        self.here += 1
        # The one that comes is no part of what is expected: else the first of many would be all there are.
        if self.here > self._most:
            self._most = self.here

    def leave(self) -> None:
        """One less."""
        self.here -= 1

    def is_here(self, now: float) -> bool:
        """Whether as many are here as there were at once of late."""
        self._turn(now)
        return self.here >= max(self._most, self._most_before)

    def _turn(self, now: float) -> None:
        if now < self._window_ends:
            return
        # After a long silence nothing is remembered.
        self._most_before = self._most if now < self._window_ends + WINDOW_SECONDS else 0
        self._most = self.here
        self._window_ends = now + WINDOW_SECONDS
