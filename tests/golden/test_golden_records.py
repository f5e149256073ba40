"""Today's program on the stores of every released version: it reads them all and goes on counting."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pymongo import MongoClient
from websockets.sync.client import connect

from operations.local.kafka import Kafka
from tests.golden.further import with_further_field
from tests.golden.restoring import KAFKA_PROPERTIES, restore
from tests.golden.snapshot import Snapshot, golden_files, this_version
from tests.running_stack import RunningStack, run_stack
from tests.streams.cluster import until
from weather_tweets import redis_keys
from weather_tweets.settings import MongoSettings

_CHANGELOG = "weather-streams-tally-changelog"


@pytest.fixture
def new_kafka(tmp_path: Path) -> Iterator[Kafka]:
    """A broker without topics: the file's names are the usual ones."""
    kafka = Kafka(tmp_path / "kafka", properties=KAFKA_PROPERTIES)
    kafka.start()
    yield kafka
    kafka.kill()


def test_this_version_has_its_golden_file() -> None:
    assert this_version() in {Snapshot.load(file).version for file in golden_files()}, (
        "`python -m tests.golden` writes it, once, from the code that is released"
    )


@pytest.mark.parametrize("file", golden_files(), ids=lambda file: file.stem)
@pytest.mark.parametrize("change", [lambda it: it, with_further_field], ids=["as-written", "further-field"])
def test_today_goes_on_where_that_version_stopped(
    file: Path,
    change: Callable[[Snapshot], Snapshot],
    tmp_path: Path,
    new_kafka: Kafka,
    redis_url: str,
    mongo_url: str,
) -> None:
    """Partitions 1 and 2 by their tallies; partition 0, whose tallies are lost, by its log and MongoDB."""
    snapshot = change(_without_tallies_of(0, Snapshot.load(file)))
    restore(snapshot, kafka=new_kafka.bootstrap_servers, mongo=mongo_url, redis=redis_url)
    environment = {
        "WEATHER_KAFKA_BOOTSTRAP_SERVERS": new_kafka.bootstrap_servers,
        "WEATHER_MONGO_URL": mongo_url,
        "WEATHER_REDIS_URL": redis_url,
    }
    for stack in run_stack(tmp_path / "data", environment):
        before = stack.audit()
        counts = snapshot.counts
        assert (before.tables, before.dead, before.repeats) == (
            counts["messages"], counts["dead"], counts["repeats"],
        )  # fmt: skip
        assert before.table_by_country == counts["countries"]
        # Those of partition 0 are there twice now, under the old names of headers and the new.
        letters = stack.cli_json("dead", "list", "--json")["letters"]
        assert letters == {"open": counts["dead"], "requeued": 0, "discarded": 0}
        assert _documents(mongo_url) == {document["_id"] for document in snapshot.documents}
        seen = _live(stack)
        # What came another way than the door is processed, and therefore shown as accepted, too.
        at_the_door = int(snapshot.hashes[redis_keys.LIVE_TOTALS]["messages"])
        assert seen["accepted"] == max(at_the_door, counts["messages"] + counts["repeats"])
        assert [tweet["id"] for tweet in seen["recent"]] == [
            entry["id"] for _, entry in reversed(snapshot.streams[redis_keys.LIVE_RECENT])
        ]

        old = snapshot.documents[0]
        stack.post({"texto": "Llueve", "país": "Perú"})
        stack.post({"id": old["_id"], "texto": old["text"], "país": old["country"]})
        after = stack.audit()
        assert after.tables - before.tables == 1
        assert after.repeats - before.repeats == 1
        accepted = seen["accepted"] + 2
        until(partial(_is_live, stack, accepted), "the live view goes on, too")


def _without_tallies_of(partition: int, snapshot: Snapshot) -> Snapshot:
    changelog = list(snapshot.topics[_CHANGELOG])
    assert changelog[partition]
    changelog[partition] = []
    return msgspec.structs.replace(snapshot, topics={**snapshot.topics, _CHANGELOG: changelog})


def _documents(mongo: str) -> set[str]:
    settings = MongoSettings()
    with MongoClient[dict[str, Any]](mongo) as client:
        return {document["_id"] for document in client[settings.database][settings.collection].find()}


def _is_live(stack: RunningStack, accepted: int) -> bool:
    return bool(_live(stack)["accepted"] == accepted)


def _live(stack: RunningStack) -> dict[str, Any]:
    with connect(f"{stack.endpoints.websocket}/live") as viewer:
        snapshot: dict[str, Any] = json.loads(viewer.recv())
        return snapshot
