"""How many tweets were processed, as viewers are told."""

HOLD_SECONDS = 30.0
"""How long a lower count is not believed. A wiped Redis has the exact count back within ten seconds."""


class Processed:
    """The count of processed tweets, which goes back only when it stays lower for `HOLD_SECONDS`.

    The streams publish their counts anew after Redis was wiped; until then what Redis says is nonsense.
    """

    def __init__(self) -> None:
        self.messages = 0
        self._lower_since: float | None = None

    def observe(self, messages: int, now: float) -> None:
        """Redis says `messages` at the monotonic time `now` in seconds."""
        if messages >= self.messages:
            self.messages = messages
            self._lower_since = None
        elif self._lower_since is None:
            self._lower_since = now
        elif now - self._lower_since >= HOLD_SECONDS:
            self.messages = messages
            self._lower_since = None
