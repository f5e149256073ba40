"""Tweets per second, accepted and processed."""

from collections import deque

from ws_writer.batch import RateEntry


class Rate:
    """The last `seconds` seconds, one entry each, from counts that are looked at once a second."""

    def __init__(self, seconds: int) -> None:
        self.entries: deque[RateEntry] = deque(maxlen=seconds)
        self._accepted = 0
        self._processed = 0

    def restart(self, accepted: int, processed: int, entries: list[RateEntry]) -> None:
        """Goes on from counts and entries of before, so that they do not look like tweets of one second."""
        self._accepted = accepted
        self._processed = processed
        newer = [entry for entry in self.entries if not entries or entry[0] > entries[-1][0]]
        self.entries.clear()
        self.entries.extend([*entries, *newer])

    def tick(self, second: int, accepted: int, processed: int) -> RateEntry:
        """The entry of `second`, which ended with these absolute counts. Counts never rise by less than 0."""
        entry = (second, max(0, accepted - self._accepted), max(0, processed - self._processed))
        self._accepted = accepted
        self._processed = processed
        self.entries.append(entry)
        return entry
