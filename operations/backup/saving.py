"""Takes a backup while everything runs.

The tallies are read first. Whatever they count was in MongoDB before, so the documents of all offsets up to
there are found; those of later ones are left out. The backup is then what the stores agreed on at these
offsets, however long it takes to read.

Where tweets are kept no longer, what says so goes along, and the hours of the history that cannot be counted
from tweets any more. It is read after the tweets: what is deleted meanwhile is among it.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

from pymongo import MongoClient
from pymongo.collection import Collection

from operations import tallies
from operations.backup import archive
from operations.backup.manifest import FORMAT, ONLY_TWEETS, Manifest
from streams import history_store, retention
from streams.retention import Retired
from streams.tally import Tally, life_of
from weather_tweets.settings import KafkaSettings, MongoSettings

_DOCUMENTS_AT_ONCE = 1_000
_SOCKET_MS = 120_000


def save(
    path: Path,
    kafka: KafkaSettings,
    mongo: MongoSettings,
    on_total: Callable[[int], None],
    on_progress: Callable[[int], None],
) -> Manifest:
    """Writes the file and returns what is in it. Raises `KafkaError`, `PyMongoError`, `OSError`."""
    counted = asyncio.run(tallies.read(kafka))
    messages = sum(tally.messages for tally in counted.values())
    with _connected(mongo) as client:
        retired = retention.all_of(client[mongo.database])
    kept_no_longer = sum(of.by_code.total() for of in retired.values())
    on_total(messages - kept_no_longer)
    return archive.write(
        path,
        _batches(mongo, counted, retired, on_progress),
        Manifest(
            format=FORMAT if retired else ONLY_TWEETS,
            version=version("weather-tweets"),
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            topic=kafka.topic,
            topic_id=next((tally.topic_id for tally in counted.values()), ""),
            positions={str(partition): tally.offset for partition, tally in sorted(counted.items())},
            counted=messages,
            parts={},
            kept_no_longer=kept_no_longer,
        ),
        _others(mongo) if retired else (),
    )


def _others(mongo: MongoSettings) -> Iterator[tuple[str, Iterable[bytes]]]:
    with _connected(mongo) as client:
        database = client[mongo.database]
        found = retention.all_of(database)
        yield retention.COLLECTION, _raw(database[retention.COLLECTION], {})
        hours = [{"partition": of.partition, "at": {"$lt": of.before}} for of in found.values()]
        yield history_store.COLLECTION, _raw(database[history_store.COLLECTION], {"$or": hours})


def _raw(collection: Collection[dict[str, Any]], which: dict[str, Any]) -> Iterable[bytes]:
    """BSON as the server sends it: nothing of it is decoded."""
    # pymongo's types say that these are documents.
    return cast(Iterable[bytes], collection.find_raw_batches(which, batch_size=_DOCUMENTS_AT_ONCE))


def _connected(mongo: MongoSettings) -> MongoClient[dict[str, Any]]:
    return MongoClient(
        mongo.url.get_secret_value(), serverSelectionTimeoutMS=5_000, socketTimeoutMS=_SOCKET_MS
    )


def _batches(
    mongo: MongoSettings,
    counted: Mapping[int, Tally],
    retired: Mapping[int, Retired],
    on_progress: Callable[[int], None],
) -> Iterator[bytes]:
    not_of_it = [
        {"partition": partition, "offset": {"$gt": tally.offset}, "life": life_of(tally.topic_id)}
        for partition, tally in counted.items()
    ] + [of.query() for of in retired.values()]
    with _connected(mongo) as client:
        tweets = client[mongo.database][mongo.collection]
        for batch in _raw(tweets, {"$nor": not_of_it} if not_of_it else {}):
            yield batch
            on_progress(archive.count(batch))
