"""Has the workers count MongoDB's history anew from the tweets, when tweets came back behind its position.

That it is necessary is noted beside the history before the first tweet comes back: who is killed between the
last tweet and the history leaves it to the next run.
"""

import time
from collections.abc import Iterable

from pymongo import MongoClient

from streams.history_store import COLLECTION, HEAD
from weather_tweets.settings import MongoSettings

_NOTE = {"_id": "tweets came back"}
_POLL_SECONDS = 0.5


class HistoryBehindError(RuntimeError):
    """The workers do not count the history."""


def note(mongo: MongoSettings) -> None:
    """Notes that tweets come back. Raises `PyMongoError`."""
    with _connected(mongo) as client:
        client[mongo.database][COLLECTION].update_one(_NOTE, {"$set": {"step": "note"}}, upsert=True)


def forget_if_noted(mongo: MongoSettings) -> None:
    """Deletes the heads: whoever has a partition finds none, and begins its history anew.

    Raises `PyMongoError`.
    """
    with _connected(mongo) as client:
        history = client[mongo.database][COLLECTION]
        if history.find_one(_NOTE):
            history.delete_many({"step": HEAD})
            history.delete_one(_NOTE)


def wait(mongo: MongoSettings, partitions: Iterable[int], timeout_seconds: float) -> None:
    """Returns when the workers have looked through the tweets of all these partitions.

    Raises `HistoryBehindError`, `PyMongoError`.
    """
    wanted, deadline = set(partitions), time.monotonic() + timeout_seconds
    with _connected(mongo) as client:
        history = client[mongo.database][COLLECTION]
        while True:
            done = {head["partition"] for head in history.find({"step": HEAD, "scan": {"$exists": False}})}
            if wanted <= done:
                return
            if time.monotonic() >= deadline:
                behind = ", ".join(str(partition) for partition in sorted(wanted - done))
                raise HistoryBehindError(
                    f"after {timeout_seconds:.0f} s the workers have not counted the history of partition "
                    f"{behind}: what /healthz of a worker says shows how far they are"
                )
            time.sleep(_POLL_SECONDS)


def _connected(mongo: MongoSettings) -> MongoClient[dict[str, object]]:
    return MongoClient(mongo.url.get_secret_value(), serverSelectionTimeoutMS=5_000, socketTimeoutMS=60_000)
