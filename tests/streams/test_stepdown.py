"""A primary steps down amid an unordered insert with repeats: the verdict on each record stays the same.

The stand-in for MongoDB cannot fail over, so a proxy of the protocol lets the real server have a part of the
write, and the client an answer that a primary gives that steps down; the retry then meets what was written.
"""

import uuid
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from prometheus_client import CollectorRegistry
from pydantic import SecretStr
from pymongo import AsyncMongoClient

from streams.decoding import Batch
from streams.persistence import Persistence
from streams.tweet_store import TweetStore
from tests.streams.mongo_proxy import Fault, MongoProxy, proxy_of
from tests.streams.records import tweet
from weather_tweets.metrics import StreamsMetrics
from weather_tweets.settings import MongoSettings


def _refused(code: int, name: str) -> dict[str, Any]:
    return {"ok": 0.0, "code": code, "codeName": name, "errmsg": name}


def _error(index: int, code: int) -> dict[str, Any]:
    return {"index": index, "code": code, "errmsg": "not primary"}


_FAULTS = {
    "before the first document": Fault("insert", _refused(10107, "NotWritablePrimary"), applied=0),
    "after some": Fault("insert", _refused(189, "PrimarySteppedDown"), applied=40),
    "after some, shutting down": Fault("insert", _refused(91, "ShutdownInProgress"), applied=40),
    "after some, which is told of each that is missing": Fault(
        "insert",
        {"ok": 1.0, "n": 40, "writeErrors": [_error(index, 10107) for index in range(40, 95)]},
        applied=40,
    ),
    "after all, without an answer": Fault("insert", None),
    "after some, without an answer": Fault("insert", None, applied=40),
    "after all, which is not known to be safe": Fault(
        "insert",
        {"writeConcernError": {"code": 64, "codeName": "WriteConcernTimeout", "errmsg": "waiting"}},
        beside=True,
    ),
    "after all, interrupted": Fault(
        "insert",
        {"writeConcernError": {"code": 11602, "codeName": "InterruptedDueToReplStateChange", "errmsg": ""}},
        beside=True,
    ),
    "while the stored ones are read": Fault("find", _refused(13436, "NotPrimaryOrSecondary")),
    "while the stored ones are read, without an answer": Fault("find", None),
}


@pytest.fixture
async def proxy(mongo_url: str) -> AsyncIterator[MongoProxy]:
    async with proxy_of(urlsplit(mongo_url).port or 0) as proxy:
        yield proxy


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("name", list(_FAULTS))
async def test_wherever_the_primary_steps_down_each_record_is_judged_as_without_it(
    proxy: MongoProxy, name: str, times: int
) -> None:
    database = f"t{uuid.uuid4().hex[:12]}"
    # Polled: one answer to each message, as the proxy has it.
    url = f"mongodb://127.0.0.1:{proxy.port}/?directConnection=true&serverMonitoringMode=poll"
    store = TweetStore.connect(MongoSettings(url=SecretStr(url), database=database))
    try:
        earlier = [str(uuid.uuid4()) for _ in range(10)]
        await store.store(_batch(earlier, partition=1))
        new = [str(uuid.uuid4()) for _ in range(85)]
        # Ten that a client sent before, in another partition, among the new ones; and five new ones twice.
        ids = [*new[:20], *earlier, *new[20:], *new[:5]]
        batch = _batch(ids, partition=0)
        proxy.faults.extend([_FAULTS[name]] * times)
        persistence = Persistence(StreamsMetrics(CollectorRegistry()), lambda: True)
        verdict = await persistence.until_done("mongo", lambda: store.store(batch))
        assert proxy.happened == times
        assert verdict.repeats == {*range(20, 30), *range(95, 100)}
        # And so it is when the batch is delivered again.
        assert await store.store(batch) == verdict
    finally:
        await store.close()
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(url)
    async with client:
        assert await client[database]["tweets"].count_documents({}) == 95


def _batch(ids: list[str], *, partition: int) -> Batch:
    offsets = list(range(len(ids)))
    return Batch("messages", partition, 0, offsets[-1], [tweet(id_=id_) for id_ in ids], offsets, ())
