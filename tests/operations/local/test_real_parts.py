"""Kafka, Redis and MongoDB as the stack runs them: their data survives a SIGKILL."""

import time
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from pymongo import MongoClient
from redis import Redis as RedisClient

from operations.local import jars
from operations.local.kafka import Kafka
from operations.local.mongo import Mongo
from operations.local.part import Part, PartFailedError
from operations.local.redis import Redis


async def test_kafka_keeps_what_it_acknowledged_when_killed(kafka: Kafka) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    await admin.start()
    await admin.create_topics([NewTopic("survivors", 1, 1)])
    await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers, acks="all") as producer:
        await producer.send_and_wait("survivors", b"before the crash")

    kafka.kill()
    assert not kafka.answers()
    kafka.start()

    async with AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap_servers) as consumer:
        ends = await consumer.end_offsets([TopicPartition("survivors", 0)])
    assert list(ends.values()) == [1]


def test_redis_keeps_its_data_when_killed(redis_server: Redis, redis_url: str) -> None:
    with RedisClient.from_url(redis_url) as client:
        client.hincrby("totals", "messages", 7)
        # While the disk is slow, Redis holds what it writes back for up to two seconds.
        while client.info("persistence")["aof_buffer_length"]:
            time.sleep(0.05)
    redis_server.kill()
    assert not redis_server.answers()
    redis_server.start()
    with RedisClient.from_url(redis_url) as client:
        assert client.hgetall("totals") == {b"messages": b"7"}


def test_mongo_keeps_what_it_acknowledged_when_killed(mongo_server: Mongo) -> None:
    with MongoClient[dict[str, object]](mongo_server.url) as client:
        client.survivors.tweets.insert_many([{"_id": str(n)} for n in range(1000)], ordered=False)
    mongo_server.kill()
    assert not mongo_server.answers()
    mongo_server.start()
    with MongoClient[dict[str, object]](mongo_server.url) as client:
        assert client.survivors.tweets.count_documents({}) == 1000


class _Ends(Part):
    name = "ends"

    def command(self) -> list[str]:
        return ["/bin/sh", "-c", "echo 'no such luck'; exit 3"]

    def answers(self) -> bool:
        return False


def test_a_part_that_ends_before_it_answers_is_an_error_that_names_its_log(tmp_path: Path) -> None:
    part = _Ends(tmp_path)
    with pytest.raises(PartFailedError, match=r"ends ended with status 3: see .*ends\.log"):
        part.start()
    assert part.log_file.read_text() == "no such luck\n"


class _Deaf(Part):
    """Ignores SIGTERM, never answers, and has a child."""

    name = "deaf"

    def command(self) -> list[str]:
        return ["/bin/sh", "-c", "trap '' TERM; sleep 600 & echo $!; wait"]

    def answers(self) -> bool:
        return False


def test_a_part_that_does_not_answer_in_time_is_an_error_and_leaves_no_process(tmp_path: Path) -> None:
    part = _Deaf(tmp_path)
    with pytest.raises(PartFailedError, match=r"did not answer within 0\.3 s"):
        part.start(timeout_seconds=0.3)
    assert part.pid is None
    child = int(part.log_file.read_text())
    # The signal is sent; a process that is not ours to wait for may take a moment to die of it.
    deadline = time.monotonic() + 5
    while _runs(child) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not _runs(child)


def _runs(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


def test_missing_jars_are_an_error_that_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(jars.JarsMissingError, match="make setup"):
        jars.class_path()
