"""How many tweets were processed, and therefore accepted at the least, as viewers are told."""

from collections.abc import Mapping

HOLD_SECONDS = 30.0
"""How long a lower count is not believed. A wiped Redis has the exact count back within ten seconds."""


class Processed:
    """The count of processed tweets, which goes back only when it stays lower for `HOLD_SECONDS`.

    The streams publish their counts anew after Redis was wiped; until then what Redis says is nonsense.
    """

    def __init__(self) -> None:
        self.messages = 0
        self._countries: Mapping[str, int] = {}
        self._lower_since: float | None = None

    def observe(self, messages: int, by_country: Mapping[str, int], now: float) -> None:
        """Redis says `messages` at the monotonic time `now` in seconds; `by_country` may be empty."""
        if messages >= self.messages:
            self.messages = messages
            self._lower_since = None
        elif self._lower_since is None:
            self._lower_since = now
        elif now - self._lower_since >= HOLD_SECONDS:
            self.messages = messages
            self._lower_since = None
        if by_country and self._lower_since is None:
            self._countries = by_country

    def and_accepted(self, accepted: int, by_country: Mapping[str, int]) -> tuple[int, dict[str, int]]:
        """What viewers are told was accepted, in all and by country, where gateways accepted so many.

        What came by gRPC or straight through Kafka was accepted, too: the writer knows of it when it is
        processed. So no country has fewer than were processed, nor all together fewer than a total.
        """
        shown = dict(by_country)
        for code, count in self._countries.items():
            if count > shown.get(code, 0):
                shown[code] = count
        return max(accepted, self.messages, sum(shown.values())), shown
