"""What viewers see: a snapshot, then what changed."""

from collections import deque
from collections.abc import Mapping, Sequence

import msgspec

from weather_tweets.tweet import Tweet
from ws_writer.batch import RateEntry

RECENT_IN_SNAPSHOT = 50
RECENT_IN_DELTA = 20
TWEETS_PAUSE_MS = 100
"""Nobody reads more than 20 tweets in a tenth of a second, and they are most of what a delta weighs."""
TEXT_CHARACTERS = 400
"""Longer texts are cut for viewers, so that a delta stays a few kilobytes whatever is posted."""


class Snapshot(msgspec.Struct, tag_field="type", tag="snapshot"):
    """All that a new viewer needs; the counts are absolute, `at` is in milliseconds since the epoch."""

    at: int
    accepted: int
    processed: int
    countries: dict[str, int]
    recent: list[Tweet]
    rate: list[RateEntry]


class Delta(msgspec.Struct, tag_field="type", tag="delta", omit_defaults=True):
    """What changed since the last delta; the counts are absolute and only those that changed."""

    at: int
    accepted: int
    processed: int
    countries: dict[str, int] = {}
    recent: list[Tweet] = []
    rate: list[RateEntry] = []


class LiveView:
    """The state that every viewer has been told of.

    A snapshot is always of that state, so a viewer that joins between two deltas misses nothing and is told
    nothing twice.
    """

    def __init__(self) -> None:
        self._accepted = 0
        self._processed = 0
        self._countries: dict[str, int] = {}
        self._recent: deque[Tweet] = deque(maxlen=RECENT_IN_SNAPSHOT)
        self._arrived: deque[Tweet] = deque(maxlen=RECENT_IN_SNAPSHOT)
        self._new_rate: list[RateEntry] = []
        self._showed_tweets_at = -TWEETS_PAUSE_MS

    def arrive(self, tweets: Sequence[Tweet]) -> None:
        """Tweets, oldest first, that the next delta shows (the newest of them)."""
        self._arrived.extend(map(_cut, tweets[-RECENT_IN_SNAPSHOT:]))

    def remember(self, tweets: Sequence[Tweet]) -> None:
        """Tweets of before, newest first, that no delta shows."""
        room = RECENT_IN_SNAPSHOT - len(self._recent)
        self._recent.extendleft(map(_cut, tweets[:room]))

    def tick(self, entry: RateEntry) -> None:
        """A second's rate, for the next delta."""
        self._new_rate.append(entry)

    def advance(self, at: int, accepted: int, processed: int, countries: Mapping[str, int]) -> Delta | None:
        """Makes this the state, and gives what changed, None if nothing did.

        Counts are shown every time, tweets only every `TWEETS_PAUSE_MS`: the others wait (`has_more`).
        """
        shows_tweets = at - self._showed_tweets_at >= TWEETS_PAUSE_MS or at < self._showed_tweets_at
        changed = {code: count for code, count in countries.items() if self._countries.get(code) != count}
        if (
            not changed
            and not (self._arrived and shows_tweets)
            and not self._new_rate
            and (accepted, processed) == (self._accepted, self._processed)
        ):
            return None
        self._accepted = accepted
        self._processed = processed
        self._countries.update(changed)
        newest_first: list[Tweet] = []
        if self._arrived and shows_tweets:
            self._showed_tweets_at = at
            self._recent.extend(self._arrived)
            newest_first = list(reversed(self._arrived))[:RECENT_IN_DELTA]
            self._arrived.clear()
        delta = Delta(at, accepted, processed, changed, newest_first, self._new_rate)
        self._new_rate = []
        return delta

    @property
    def has_more(self) -> bool:
        """Whether there are tweets that a later delta will show."""
        return bool(self._arrived)

    def snapshot(self, at: int, rate: Sequence[RateEntry]) -> Snapshot:
        """The state, with the rate of the last minutes."""
        return Snapshot(
            at,
            self._accepted,
            self._processed,
            dict(self._countries),
            list(reversed(self._recent)),
            list(rate),
        )


def _cut(tweet: Tweet) -> Tweet:
    if len(tweet.text) <= TEXT_CHARACTERS:
        return tweet
    return msgspec.structs.replace(tweet, text=tweet.text[: TEXT_CHARACTERS - 1] + "…")
