"""How many tweets were accepted in the last minute, by country: a sliding window of one-second buckets.

By the time at which Kafka took them, so a backlog that is caught up does not look like a storm, and the clock
of the gateway, which may be hours off, does not matter. In memory: the worker that takes a partition over
counts anew, and is right again a minute later.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from weather_tweets.tweet import Tweet

WINDOW_SECONDS = 60


class LastMinute:
    """The window of one partition. Times are seconds since the epoch."""

    def __init__(self) -> None:
        self._buckets: dict[int, Counter[str]] = {}

    def add(
        self, tweets: Sequence[Tweet], appended: Sequence[int], by_code: Mapping[str, int], now: float
    ) -> None:
        """Adds a batch; `by_code` are its tweets counted by country.

        `appended` is when Kafka took each, in milliseconds since the epoch.
        """
        if not appended:
            return
        # A broker's clock may be ahead of ours, but what is far ahead would be kept until then.
        oldest, newest = int(now) - WINDOW_SECONDS, int(now) + WINDOW_SECONDS
        first, last = appended[0] // 1000, appended[-1] // 1000
        if abs(last - first) <= 1:
            # The usual case, a batch of the last moments: cheap, and at most a second off.
            if oldest < last <= newest:
                self._buckets.setdefault(last, Counter()).update(by_code)
        elif first > oldest or last > oldest:
            for tweet, at in zip(tweets, appended, strict=True):
                second = at // 1000
                if oldest < second <= newest:
                    self._buckets.setdefault(second, Counter())[tweet.code] += 1
        self._forget(oldest)

    def counts(self, now: float) -> dict[str, int]:
        """Tweets of the last minute by country code."""
        self._forget(int(now) - WINDOW_SECONDS)
        total: Counter[str] = Counter()
        for bucket in self._buckets.values():
            total.update(bucket)
        return dict(total)

    def _forget(self, oldest: int) -> None:
        for second in [second for second in self._buckets if second <= oldest]:
            del self._buckets[second]
