"""The stack as its users have it: by the command line, with every part a real process."""

import asyncio
import json
import os
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from redis import Redis

from operations.audit import audit
from operations.audit_sources import of_stack
from streams import dead_letter_headers
from tests.running_stack import RunningStack
from weather_tweets import nearby

DEADLINE_SECONDS = 120


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def _all_ready(stack: RunningStack) -> bool:
    return all(part.state == "ready" for part in stack.parts().values())


def _send_to_kafka(stack: RunningStack, value: bytes) -> None:
    async def send() -> None:
        async with AIOKafkaProducer(bootstrap_servers=stack.endpoints.kafka) as producer:
            await producer.send_and_wait("messages", value)

    asyncio.run(send())


def test_after_up_every_part_is_ready_and_listed(stack: RunningStack) -> None:
    assert list(stack.parts()) == ["kafka", "redis", "mongo", "producer", "writer", "gateway", "streams-1"]
    assert _all_ready(stack)
    endpoints = stack.endpoints
    assert endpoints.pids.keys() == stack.parts().keys()
    assert endpoints.data_dir == str(stack.folder.path)
    table = stack.cli("status")
    for name, pids in endpoints.pids.items():
        assert name in table
        assert str(pids[0]) in table
    # All of them would be found without the supervisor.
    found = {process.pid for process in stack.processes()}
    assert found >= {pid for pids in endpoints.pids.values() for pid in pids}


def test_every_address_answers_as_it_is(stack: RunningStack) -> None:
    endpoints = stack.endpoints
    for url in (f"{endpoints.gateway}/readyz", f"{endpoints.gateway}/", *endpoints.stats):
        with urllib.request.urlopen(url, timeout=30) as reply:  # noqa: S310
            assert reply.status == 200
    with Redis.from_url(endpoints.redis) as redis:
        assert redis.ping()


def test_no_part_listens_on_a_public_address(stack: RunningStack) -> None:
    listening = {
        connection.laddr.ip.removeprefix("::ffff:")
        for process in stack.processes()
        for connection in process.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}


def test_only_who_has_the_token_feeds_the_writer(stack: RunningStack) -> None:
    url = stack.endpoints.websocket.replace("ws://", "http://") + "/ingest"
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(url, timeout=30)  # noqa: S310
    assert refused.value.code in (401, 426)
    refused.value.close()
    token = (stack.folder.path / "writer-token").read_text()
    for log in stack.folder.logs.iterdir():
        assert token not in log.read_text(errors="replace"), log


def test_a_demo_counts_its_own_run_in_every_store(stack: RunningStack, tmp_path: Path) -> None:
    for tweets in (300, 200):
        output = stack.cli(
            "demo", "--tweets", str(tweets), "--users", "3", "--json", str(tmp_path / "report")
        )
        assert f"Live page: {stack.endpoints.gateway}/" in output
        report = json.loads((tmp_path / "report").read_text())
        assert set(report) == {
            "users", "requests", "accepted", "failed", "kafka", "dead", "mongo", "redis_total",
            "redis_countries", "tables", "live", "requests_per_second", "latency_ms", "catch_up_seconds",
            "agree",
        }  # fmt: skip
        assert set(report["latency_ms"]) == {"p50", "p95", "p99"}
        assert report["users"] == 3
        counts = (
            "requests",
            "accepted",
            "kafka",
            "mongo",
            "redis_total",
            "redis_countries",
            "tables",
            "live",
        )
        assert {report[count] for count in counts} == {tweets}
        assert report["failed"] == report["dead"] == 0
        assert report["agree"] is True


OWN_FILES = {
    "as in the mission": ('{\n  "texto": "Llueve",\n  "país": "Guatemala",\n}\n', (), "JSON5"),
    "without an accent": (
        '[{"texto": "Sol", "pais": "Espana"}, {"texto": "Frío", "pais": "Holanda"}]',
        (),
        "",
    ),
    "with other keys": (
        '[{"Descripcion": "Neblina", "Lugar": "GT"}]',
        ("--text-key", "descripción", "--country-key", "lugar"),
        "",
    ),
}


@pytest.mark.parametrize(("content", "options", "warned"), OWN_FILES.values(), ids=OWN_FILES.keys())
def test_a_demo_sends_a_file_of_one_s_own(
    stack: RunningStack, tmp_path: Path, content: str, options: tuple[str, ...], warned: str
) -> None:
    own = tmp_path / "own.json"
    own.write_text(content, "utf-8")
    report = tmp_path / "report"
    output = stack.cli("demo", "--data", str(own), "--tweets", "60", "--json", str(report), *options)
    assert warned in output
    counted = json.loads(report.read_text())
    assert (counted["accepted"], counted["failed"], counted["agree"]) == (60, 0, True)


def test_a_demo_refuses_a_file_before_it_starts_anything(tmp_path: Path) -> None:
    own = tmp_path / "own.json"
    own.write_text('[{"Descripcion": "Neblina", "Lugar": "GT"}]', "utf-8")
    stack = RunningStack(tmp_path / "stack")
    output = stack.cli("demo", "--data", str(own), status=1)
    assert "--text-key Descripcion --country-key Lugar" in " ".join(output.split())
    assert not stack.folder.path.exists() or not stack.processes()


def test_records_of_others_are_counted_and_garbage_is_a_dead_letter(stack: RunningStack) -> None:
    before = stack.audit()
    _send_to_kafka(stack, json.dumps({"texto": "Llueve de nuevo", "país": "Guatemala"}).encode())
    _send_to_kafka(stack, b"\xff\x00 no tweet")
    after = stack.audit()
    assert after.dead == before.dead + 1
    assert after.kafka == before.kafka + 2
    assert (after.mongo, after.tables) == (before.mongo + 1, before.tables + 1)
    assert _last_dead_letter(stack) == b"\xff\x00 no tweet"


def _last_dead_letter(stack: RunningStack) -> bytes | None:
    async def read() -> bytes | None:
        async with AIOKafkaConsumer(
            "messages.dead", bootstrap_servers=stack.endpoints.kafka, auto_offset_reset="earliest"
        ) as consumer:
            record = await asyncio.wait_for(consumer.getone(), DEADLINE_SECONDS)
            origin, _ = dead_letter_headers.read(record.headers, topic="")
            assert (origin.topic, origin.reason != "") == ("messages", True)
            value: bytes | None = record.value
            return value

    return asyncio.run(read())


def test_the_same_id_twice_is_counted_once(stack: RunningStack) -> None:
    before = stack.audit()
    tweet = {"texto": "Su lluvia", "país": "Argentina", "id": "0198c2f4-8a51-7c3e-9d07-5b1f0e6a4c21"}
    assert stack.post(tweet) == stack.post(tweet)
    after = stack.audit()
    assert after.repeats == before.repeats + 1
    assert after.mongo == before.mongo + 1


def test_an_audit_names_a_store_that_disagrees_and_a_wiped_redis_heals(stack: RunningStack) -> None:
    with Redis.from_url(stack.endpoints.redis) as redis:
        expected = stack.audit().expected

        def named() -> bool:
            """The workers heal it every few seconds, perhaps between the damage and the look."""
            redis.hset("totals", "messages", expected + 1)
            counts = audit(of_stack(stack.endpoints), wait_seconds=0)
            return f"Redis `totals.messages` has 1 more than Kafka: {expected + 1:,}" in str(
                counts.differences
            )

        _until(named)
        redis.flushall()
        _until(lambda: redis.hget("totals", "messages") == str(expected).encode())
    report = stack.cli_json("audit", "--json")
    assert report["agree"]
    assert report["differences"] == []


def test_workers_come_and_go_and_nothing_is_lost(stack: RunningStack) -> None:
    stack.cli("scale", "streams", "2")
    assert {"streams-1", "streams-2"} <= stack.parts().keys()
    assert len(stack.endpoints.stats) == 2
    assert "1 partition" not in stack.cli("up", "--workers", "2")
    for _ in range(20):
        stack.post({"texto": "Llueve", "país": "Guatemala"})
    stack.cli("scale", "streams", "1")
    assert "streams-2" not in stack.endpoints.pids
    assert len(stack.endpoints.stats) == 1
    stack.audit()
    assert "`streams` or `partitions`" in stack.cli("scale", "gateway", "2", status=1)
    assert "from 0 to 64" in stack.cli("scale", "streams", "65", status=1)


def test_partitions_are_added_while_everything_runs(stack: RunningStack) -> None:
    assert "Partitions: 9 (before: 6)" in stack.cli("scale", "partitions", "9")
    before = _ends(stack)
    # The producer stays with a partition for a while, and takes the next one then.
    _until(lambda: bool(stack.post({"texto": "Llueve", "país": "Guatemala"})) and _grew(stack, before) == 9)
    report = stack.audit()
    assert report.agree, report.differences
    assert "cannot take any away" in stack.cli("scale", "partitions", "3", status=1)


def _ends(stack: RunningStack) -> dict[str, int]:
    partitions = json.loads(nearby.get(stack.endpoints.stats[0], timeout_seconds=10))["partitions"]
    return {partition: stats["offset"] for partition, stats in partitions.items()}


def _grew(stack: RunningStack, before: dict[str, int]) -> int:
    return sum(offset > before[partition] for partition, offset in _ends(stack).items())


@pytest.mark.parametrize("name", ["gateway", "producer", "writer", "streams-1", "redis", "mongo", "kafka"])
def test_a_part_that_is_killed_comes_back_and_its_restart_is_shown(stack: RunningStack, name: str) -> None:
    before = stack.parts()[name]
    pid = stack.endpoints.pids[name][0]
    os.kill(pid, signal.SIGKILL)
    _until(lambda: stack.endpoints.pids.get(name, [pid])[0] != pid)
    _until(lambda: _all_ready(stack))
    after = stack.parts()[name]
    assert after.restarts == before.restarts + 1
    assert after.last_end == "killed by SIGKILL"
    assert after.port == before.port
    stack.post({"texto": "Llueve", "país": "Guatemala"})
    stack.audit()


def test_a_restart_on_request_is_no_crash(stack: RunningStack) -> None:
    before = stack.parts()["writer"]
    stack.cli("restart", "writer")
    after = stack.parts()["writer"]
    assert after.pid != before.pid
    assert after.restarts == before.restarts
    assert "the parts are kafka, redis" in stack.cli("restart", "nonsense", status=1)


def test_logs_are_shown_by_name(stack: RunningStack) -> None:
    assert "ready" in stack.cli("logs", "supervisor")
    assert len(stack.cli("logs", "streams-1", "--lines", "2").splitlines()) == 2
    assert "there are: gateway, kafka" in stack.cli("logs", "nonsense", status=1)


def test_up_again_changes_nothing(stack: RunningStack) -> None:
    before = stack.endpoints
    assert before.gateway in stack.cli("up")
    assert stack.endpoints == before


def test_a_new_supervisor_clears_up_after_a_killed_one_and_has_its_data(stack: RunningStack) -> None:
    before, counts = stack.endpoints, stack.audit()
    os.kill(before.supervisor, signal.SIGKILL)
    _until(lambda: not stack.folder.is_locked())
    assert "of its processes are left" in stack.cli("status", status=3)

    stack.cli("up")

    after = stack.endpoints
    assert (after.gateway, after.kafka, after.redis) == (before.gateway, before.kafka, before.redis)
    old = {pid for pids in before.pids.values() for pid in pids}
    assert not old & {process.pid for process in stack.processes()}
    assert stack.audit() == counts


def test_down_leaves_nothing_even_if_the_supervisor_was_killed(
    tmp_path: Path, kafka: Any, redis_url: str, mongo_url: str
) -> None:
    # With own Kafka, Redis and MongoDB, which are used and not started.
    stack = RunningStack(
        tmp_path / "stack",
        {
            "WEATHER_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
            "WEATHER_KAFKA_TOPIC": "own-messages",
            "WEATHER_KAFKA_DEAD_TOPIC": "own-messages.dead",
            "WEATHER_STREAMS_APP_ID": "own-streams",
            "WEATHER_REDIS_URL": redis_url,
            "WEATHER_MONGO_URL": mongo_url,
            "WEATHER_MONGO_DATABASE": "own",
        },
    )
    assert "no stack runs" in stack.cli("status", status=3)
    assert "Nothing was running" in stack.cli("down")
    stack.cli("up")
    endpoints = stack.endpoints
    assert endpoints.pids.keys() == {"producer", "writer", "gateway", "streams-1"}
    assert (endpoints.kafka, endpoints.redis) == (kafka.bootstrap_servers, redis_url)
    stack.post({"texto": "Llueve", "país": "Guatemala"})
    assert stack.cli_json("audit", "--json")["kafka"] == 1
    # Without the local stack's endpoints, as in a cluster.
    environment_only = RunningStack(tmp_path / "elsewhere", stack._environment)
    report = environment_only.cli_json("audit", "--json", "--stats-url", endpoints.stats[0])
    assert report["agree"]
    assert report["mongo"] == 1

    os.kill(endpoints.supervisor, signal.SIGKILL)
    assert len(stack.processes()) >= 4
    assert "Stopped" in stack.cli("down", "--purge")
    assert stack.processes() == []
    assert not stack.folder.path.exists()
    assert kafka.answers()
