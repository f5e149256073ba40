"""What one write to Redis carries."""

from collections import Counter, deque

import msgspec

from weather_tweets.tweet import Tweet

RateEntry = tuple[int, int, int]
"""Second since the epoch, tweets accepted in it, tweets processed in it."""


class Batch(msgspec.Struct):
    """Accepted tweets on their way to Redis.

    However many there are, it stays small: counts by country (at most 251) and the newest tweets. `number`
    counts the batches of a writer's life from 1; it is 0 while the batch is still being filled.
    """

    recent: deque[Tweet]
    number: int = 0
    messages: int = 0
    countries: Counter[str] = msgspec.field(default_factory=Counter)
