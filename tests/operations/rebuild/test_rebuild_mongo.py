"""`rebuild mongo`: every document comes back in its own place, whatever is done meanwhile."""

import asyncio
import json
import signal

from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.structs import TopicPartition

from tests.operations.rebuild.damaged import Damaged, tweets
from tests.streams.cluster import until

_AT = 1_750_000_000_000


def test_every_document_comes_back_with_the_position_that_it_had(damaged: Damaged) -> None:
    """Among them records without ids, dead letters, and repeats whose times in Kafka mislead."""
    damaged.keep_producers_times()
    worker = damaged.start()
    twice, thrice, other = tweets(3)
    foreign = json.dumps({"texto": "Nieva", "pais": "México"}).encode()
    # In this order they are counted, but the times are against it.
    damaged.write([twice, thrice, foreign, twice], partition=1, time_ms=_AT + 2_000)
    damaged.wait_settled(worker)
    damaged.write([b"no tweet", twice, other, foreign], partition=0, time_ms=_AT)
    damaged.write([thrice, *tweets(40, "MX"), thrice, b"[]"], partition=2, time_ms=_AT)
    damaged.wait_settled(worker)
    before = damaged.documents()
    assert len(before) == 45
    damaged.tweets.drop()

    said = damaged.cli("rebuild", "mongo")
    assert damaged.documents() == before
    assert "0 documents are there; 45 can be restored; 0 cannot" in said
    assert "All stores agree" in said

    assert "0 can be restored" in damaged.cli("rebuild", "mongo")
    assert damaged.documents() == before


def test_a_rebuild_that_is_killed_goes_on_where_it_was(damaged: Damaged) -> None:
    worker = damaged.start()
    damaged.produce(tweets(6_000))
    damaged.wait_settled(worker)
    before = damaged.positions()
    damaged.tweets.drop()

    first = damaged.begin("rebuild", "mongo", "--rate", "200")
    until(lambda: damaged.tweets.count_documents({}) >= 400, "some are restored")
    first.send_signal(signal.SIGKILL)
    first.communicate(timeout=60)
    there = damaged.tweets.count_documents({})
    assert there < 6_000

    assert f"{there:,} documents are there; {6_000 - there:,} can be" in damaged.cli("rebuild", "mongo")
    assert damaged.positions() == before


def test_what_is_counted_meanwhile_is_left_to_the_workers(damaged: Damaged) -> None:
    worker = damaged.start()
    damaged.produce(tweets(3_000))
    damaged.wait_settled(worker)
    before = damaged.positions()
    damaged.tweets.drop()

    rebuilding = damaged.begin("rebuild", "mongo", "--rate", "1000")
    while rebuilding.poll() is None and damaged.tweets.count_documents({}) < 4_000:
        damaged.produce(tweets(50, "MX"))
    said, _ = rebuilding.communicate(timeout=280)
    assert rebuilding.returncode == 0, said
    assert before.items() <= damaged.positions().items()
    damaged.wait_settled(worker)
    assert "All stores agree" in damaged.cli("audit", "--deep")


def test_what_kafka_no_longer_has_is_said_to_be_out_of_reach(damaged: Damaged) -> None:
    worker = damaged.start()
    damaged.produce(tweets(10), partition=0)
    damaged.produce(tweets(10), partition=1)
    damaged.wait_settled(worker)
    asyncio.run(_delete_before(damaged, partition=0, offset=4))
    damaged.tweets.drop()

    said = damaged.cli("rebuild", "mongo", status=1)
    assert "16 can be restored; 4 cannot" in said
    assert damaged.tweets.count_documents({}) == 16
    # Of those that only MongoDB had nothing is left: to count anew is to take leave of them.
    assert "MongoDB has 4 fewer than Kafka" in said


def test_since_restores_what_kafka_has_since_then(damaged: Damaged) -> None:
    damaged.keep_producers_times()
    worker = damaged.start()
    old, new = tweets(5), tweets(5)
    damaged.write(old, partition=0, time_ms=_AT)
    damaged.write(new, partition=0, time_ms=_AT + 60_000)
    damaged.wait_settled(worker)
    damaged.tweets.drop()

    said = damaged.cli("rebuild", "mongo", "--since", "2025-06-15T15:06:40.001Z", status=1)
    assert "5 can be restored; 5 cannot" in said
    assert damaged.positions().keys() == {tweet.id for tweet in new}
    assert "neither a time" in damaged.cli("rebuild", "mongo", "--since", "yesterday", status=1)
    damaged.cli("rebuild", "mongo")
    assert len(damaged.positions()) == 10


async def _delete_before(damaged: Damaged, partition: int, offset: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=damaged.settings.bootstrap_servers)
    await admin.start()
    try:
        at = TopicPartition(damaged.settings.topic, partition)
        await admin.delete_records({at: RecordsToDelete(before_offset=offset)})
    finally:
        await admin.close()
