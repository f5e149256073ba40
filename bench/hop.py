"""The batches of one service on the way."""

import msgspec


class Hop(msgspec.Struct, frozen=True):
    """Batches that a service sent on (the streams: took in) during a run."""

    batches_per_second: float
    tweets_per_batch: float
