"""Tweets that are kept no longer: the audits balance, and nothing that is rebuilt counts them as lost."""

import asyncio
import json
import signal
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.structs import TopicPartition

from tests.operations.rebuild.damaged import Damaged, tweets
from tests.streams.cluster import Worker, until
from weather_tweets.tweet import Tweet

_DAYS = {"WEATHER_MONGO_RETENTION_DAYS": "2"}


def _now(count: int, code: str = "GT") -> list[Tweet]:
    at = int(time.time() * 1000)
    return [msgspec.structs.replace(tweet, at=at) for tweet in tweets(count, code)]


def _old(damaged: Damaged) -> int:
    return damaged.tweets.count_documents({"text": {"$regex": "^Llueve"}, "accepted_at": {"$lt": _limit()}})


def _limit() -> datetime:
    return datetime.now(UTC) - timedelta(days=3)


def _purged(damaged: Damaged, *, count: int = 300) -> Worker:
    """A worker with old tweets that are gone, new ones, dead letters and repeats."""
    worker = damaged.start()
    old, new = tweets(count), _now(60, "MX")
    damaged.produce([*old, *new[:30], b"no tweet", old[5], new[3], *new[30:]])
    damaged.wait_settled(worker)
    assert "All stores agree" in damaged.cli("audit", "--deep")
    worker.terminate()
    worker = damaged.start(WEATHER_STREAMS_PORT=str(worker.port), **_DAYS)
    until(lambda: _old(damaged) == 0, "old tweets are gone", worker)
    assert damaged.tweets.count_documents({}) == 60
    return worker


def _counts(worker: Worker, damaged: Damaged) -> dict[str, Any]:
    stats = damaged.wait_settled(worker)
    return {field: stats[field] for field in ("messages", "dead", "repeats", "lost", "countries")}


def test_the_audits_balance_with_what_is_kept_no_longer(damaged: Damaged) -> None:
    worker = _purged(damaged)
    said = json.loads(damaged.cli("audit", "--deep", "--json"))
    assert (said["mongo"], said["kept_no_longer"], said["history"], said["tables"]) == (60, 300, 360, 360)
    assert said["repeats"] == 2

    late, foreign = tweets(4, "MX"), json.dumps({"texto": "Nieva", "pais": "México"}).encode()
    damaged.produce([*late, foreign, *_now(3)])
    damaged.wait_settled(worker)
    said = json.loads(damaged.cli("audit", "--deep", "--json"))
    assert said["mongo"] + said["kept_no_longer"] == said["history"] == 368

    # An hour of what is kept that the history lacks is seen, and one of a store that lost a tweet.
    damaged.tweets.delete_one({"code": "GT", "text": "Llueve 0"})
    said = json.loads(damaged.cli("audit", "--deep", "--json", "--wait", "0", status=1))
    assert any("in the hour of" in difference for difference in said["differences"])
    assert "1 restored" in damaged.cli("rebuild", "mongo")


def test_without_retention_days_nothing_goes(damaged: Damaged) -> None:
    worker = damaged.start()
    damaged.produce(tweets(30))
    damaged.wait_settled(worker)
    worker.terminate()
    worker = damaged.start(WEATHER_STREAMS_PORT=str(worker.port))
    damaged.wait_settled(worker)
    assert "weather_streams_tweets_purged_total 0.0" in worker.get("/metrics")[1]
    assert "kept no longer" not in damaged.cli("audit", "--deep")
    assert damaged.tweets.count_documents({}) == 30
    assert "retention" not in damaged.tweets.database.list_collection_names()


def test_a_worker_that_is_killed_while_it_deletes_leaves_the_rest_to_the_next(damaged: Damaged) -> None:
    worker = damaged.start()
    damaged.produce([*tweets(1_800), *_now(60, "MX")])
    damaged.wait_settled(worker)
    worker.terminate()
    first = damaged.start(**_DAYS)
    until(lambda: damaged.tweets.count_documents({}) < 1_860, "some are deleted", first)
    first.process.send_signal(signal.SIGKILL)
    first.wait_killed()
    assert damaged.tweets.count_documents({}) > 60
    second = damaged.start(**_DAYS)
    until(lambda: damaged.tweets.count_documents({}) == 60, "the rest is deleted", second)
    damaged.wait_settled(second)
    said = json.loads(damaged.cli("audit", "--deep", "--json"))
    assert (said["mongo"], said["kept_no_longer"], said["tables"]) == (60, 1_800, 1_860)


def test_what_is_lost_comes_back_and_what_is_kept_no_longer_does_not(damaged: Damaged) -> None:
    _purged(damaged)
    before = damaged.documents()
    damaged.tweets.delete_many({})
    said = damaged.cli("rebuild", "mongo")
    assert "60 can be restored; 0 cannot" in said
    assert "All stores agree: 360" in said
    assert damaged.documents() == before


@pytest.mark.long
def test_tables_that_are_counted_anew_have_what_is_kept_no_longer(damaged: Damaged) -> None:
    worker = _purged(damaged)
    right = _counts(worker, damaged)
    worker = _tables_anew(damaged, worker)
    assert _counts(worker, damaged) == right

    # Also where the log has lost its beginning.
    ends = worker.stats()["partitions"]
    damaged.produce(_now(9))
    right = _counts(worker, damaged)
    asyncio.run(_delete_records(damaged, {int(p): tally["offset"] + 1 for p, tally in ends.items()}))
    worker = _tables_anew(damaged, worker)
    assert _counts(worker, damaged) == right


def _tables_anew(damaged: Damaged, worker: Worker) -> Worker:
    worker.terminate()
    rebuilding = damaged.begin("rebuild", "tables", "--yes")
    output = rebuilding.stdout
    assert output
    until(lambda: "Start the workers now" in output.readline(), "the tables are empty")
    worker = damaged.start(WEATHER_STREAMS_PORT=str(worker.port), **_DAYS)
    said, _ = rebuilding.communicate(timeout=280)
    assert rebuilding.returncode == 0, said
    assert "All stores agree" in said
    return worker


async def _delete_records(damaged: Damaged, before: dict[int, int]) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=damaged.settings.bootstrap_servers)
    await admin.start()
    try:
        await admin.delete_records(
            {TopicPartition(damaged.settings.topic, p): RecordsToDelete(o) for p, o in before.items()}
        )
    finally:
        await admin.close()


@pytest.mark.long
def test_a_changelog_that_is_lost_is_no_loss(damaged: Damaged) -> None:
    worker = _purged(damaged)
    right = _counts(worker, damaged)
    worker.kill()
    damaged.lose_tallies()
    worker = damaged.start(WEATHER_STREAMS_PORT=str(worker.port), **_DAYS)
    until(lambda: worker.stats().get("messages") == 360, "everything is counted", worker)
    assert _counts(worker, damaged) == right
    assert "All stores agree: 360" in damaged.cli("audit", "--deep")


@pytest.mark.long
def test_a_backup_has_what_was_counted_of_what_is_kept_no_longer(damaged: Damaged, tmp_path: Path) -> None:
    _purged(damaged)
    file = str(tmp_path / "backup.tar.gz")
    assert "60 tweets" in damaged.cli("backup", file)
    damaged.tweets.database.client.drop_database(damaged.tweets.database.name)
    said = damaged.cli("restore", file, "--yes")
    assert "All stores agree: 360" in said
    assert damaged.tweets.count_documents({}) == 60
