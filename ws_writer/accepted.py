"""How many tweets were accepted: what Redis has, and what is on its way there."""

from collections import Counter, deque
from collections.abc import Mapping
from operator import attrgetter

from weather_tweets import countries
from weather_tweets.tweet import Tweet
from ws_writer.batch import Batch

_code_of = attrgetter("code")


class Accepted:
    """Counts of accepted tweets, in all and by country code.

    A count is what Redis said last and what is not written yet, so it is right within microseconds and
    stays right while Redis is away. Nothing is dropped for want of room: what waits is counts, and no more
    than `recent_tweets` tweets.
    """

    def __init__(self, recent_tweets: int) -> None:
        self._recent_tweets = recent_tweets
        self._known_countries = countries.by_code()
        self.stored_messages = 0
        self.stored: dict[str, int] = {}
        self._waiting = self.nothing()
        self._in_flight: Batch | None = None
        self._batches = 0

    def add(self, tweets: list[Tweet]) -> None:
        """Counts tweets that were just accepted; a code that is no country's counts as unknown."""
        waiting = self._waiting
        waiting.messages += len(tweets)
        counts = Counter(map(_code_of, tweets))
        for strange in counts.keys() - self._known_countries.keys():
            counts[countries.UNKNOWN.code] += counts.pop(strange)
        waiting.countries.update(counts)
        waiting.recent.extend(tweets[-self._recent_tweets :])

    @property
    def waiting(self) -> int:
        """Tweets that Redis has not confirmed yet."""
        return self._waiting.messages + (self._in_flight.messages if self._in_flight else 0)

    @property
    def messages(self) -> int:
        """Tweets accepted in all."""
        return self.stored_messages + self.waiting

    def by_country(self) -> dict[str, int]:
        """Tweets accepted, by country code."""
        counts = dict(self.stored)
        for batch in (self._in_flight, self._waiting):
            if batch:
                for code, more in batch.countries.items():
                    counts[code] = counts.get(code, 0) + more
        return counts

    def take(self) -> Batch:
        """What is to be written next: the batch that is not confirmed yet, else all that waits."""
        if self._in_flight is None:
            if not self._waiting.messages:
                return self.nothing()
            self._batches += 1
            self._waiting.number = self._batches
            self._in_flight, self._waiting = self._waiting, self.nothing()
        return self._in_flight

    def confirm(self, messages: int, counts: Mapping[str, int]) -> None:
        """Redis has the batch that was taken; these are its absolute counts now."""
        self._in_flight = None
        self.learn(messages, counts)

    def learn(self, messages: int, counts: Mapping[str, int]) -> None:
        """Redis has these absolute counts. Counts only grow, so lower ones are those of a wiped Redis."""
        self.stored_messages = max(self.stored_messages, messages)
        for code, count in counts.items():
            if count > self.stored.get(code, 0):
                self.stored[code] = count

    def nothing(self) -> Batch:
        """A batch without tweets."""
        return Batch(deque(maxlen=self._recent_tweets))
