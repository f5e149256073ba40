"""Tweets on the gRPC wire."""

from typing import Any

import uuid_utils

from protos import tweets_pb2


def tweet(**changes: Any) -> tweets_pb2.Tweet:
    """A complete tweet, as the gateway sends it, but for `changes`."""
    return tweets_pb2.Tweet(
        **{
            "id": str(uuid_utils.uuid7()),
            "text": "Llueve de nuevo",
            "country": "Guatemala",
            "country_code": "GT",
            "accepted_at_ms": 1_760_000_000_000,
            **changes,
        }
    )


def batch(sequence: int, *tweets: tweets_pb2.Tweet) -> tweets_pb2.TweetBatch:
    """A batch of the stream."""
    return tweets_pb2.TweetBatch(sequence=sequence, tweets=tweets)
