"""Puts the documents of a backup into MongoDB; what is there already stays as it is."""

import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from bson import decode_iter
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient, WriteConcern
from pymongo.errors import BulkWriteError

from operations.backup import archive
from operations.backup.manifest import TWEETS
from operations.rebuild.pace import Pace
from streams import history_store, retention
from weather_tweets.settings import MongoSettings

_DOCUMENTS_AT_ONCE = 1_000
_DUPLICATE_KEY = 11000
_SOCKET_MS = 120_000
_RAW = CodecOptions(document_class=RawBSONDocument)


def is_empty(mongo: MongoSettings) -> bool:
    """Whether MongoDB has no tweets at all. Raises `PyMongoError`."""
    with _connected(mongo) as client:
        return client[mongo.database][mongo.collection].find_one({}, {"_id": 1}) is None


def restore(
    path: Path,
    mongo: MongoSettings,
    pace: Pace,
    on_progress: Callable[[int], None],
) -> int:
    """Inserts what a verified file has; returns how many ids were there already. Raises `PyMongoError`."""
    there = 0
    with _connected(mongo) as client:
        # The tweets that are kept no longer first: what says so, and what the history counted of them.
        for folder in (history_store.COLLECTION, retention.COLLECTION):
            for documents in _batches(path, folder):
                _insert(client, mongo.database, folder, documents)
        for documents in _batches(path, TWEETS):
            time.sleep(pace.pause_seconds(len(documents)))
            there += _insert(client, mongo.database, mongo.collection, documents)
            on_progress(len(documents))
    return there


def _insert(client: MongoClient[Any], database: str, name: str, documents: list[RawBSONDocument]) -> int:
    """Returns how many were there already."""
    collection = client[database].get_collection(
        name, codec_options=_RAW, write_concern=WriteConcern(w="majority")
    )
    try:
        collection.insert_many(documents, ordered=False)
    except BulkWriteError as error:
        failures = error.details["writeErrors"]
        if error.details["writeConcernErrors"] or any(f["code"] != _DUPLICATE_KEY for f in failures):
            raise
        return len(failures)
    return 0


def _batches(path: Path, folder: str) -> Iterator[list[RawBSONDocument]]:
    for part in archive.parts(path, folder):
        documents = decode_iter(part, _RAW)
        while batch := list(islice(documents, _DOCUMENTS_AT_ONCE)):
            yield batch


def _connected(mongo: MongoSettings) -> MongoClient[Any]:
    return MongoClient(
        mongo.url.get_secret_value(),
        document_class=RawBSONDocument,
        serverSelectionTimeoutMS=5_000,
        socketTimeoutMS=_SOCKET_MS,
    )
