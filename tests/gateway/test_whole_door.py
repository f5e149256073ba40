"""Gateway, producer and Kafka together: what is answered 202 is in Kafka, whatever dies meanwhile."""

import asyncio
import signal
from pathlib import Path

import pytest

from operations.local.kafka import Kafka
from operations.local.ports import free_port
from tests.gateway.doors import TWEET, Answer, Door, opened
from tests.grpc_producer.processes import running, self_signed
from tests.grpc_producer.topics import own_topics, records
from weather_tweets.settings import KafkaSettings


@pytest.fixture
def topics(kafka: Kafka) -> KafkaSettings:
    return own_topics(kafka)


async def ids_in_kafka(topics: KafkaSettings) -> list[str]:
    return [record.key.decode() for record in await records(topics)]


async def test_a_tweet_is_in_kafka_when_it_is_answered(topics: KafkaSettings) -> None:
    async with running(topics) as producer, opened(producer_target=producer.target) as door:
        await door.wait_until_ready()
        one = await door.post({"texto": "Su lluvia", "país": "Argentina"})
        (record,) = await records(topics)
        assert record.key.decode() == one.json()["id"]
        several = await door.post([TWEET] * 1000)
        assert len(several.json()["ids"]) == 1000
        refused = await door.post([TWEET, {"texto": "", "país": "Argentina"}])
        assert refused.status == 422
        assert sorted(await ids_in_kafka(topics)) == sorted([one.json()["id"], *several.json()["ids"]])


async def test_a_killed_or_frozen_producer_is_a_pause(topics: KafkaSettings) -> None:
    port = free_port()
    async with opened(producer_target=f"127.0.0.1:{port}", deadline_seconds=60) as door:
        async with running(topics, port) as producer:
            await door.wait_until_ready()
            requests = [asyncio.create_task(door.post()) for _ in range(100)]
            await asyncio.wait(requests, return_when=asyncio.FIRST_COMPLETED)
            await producer.kill()
            requests += [asyncio.create_task(door.post()) for _ in range(20)]
        async with running(topics, port) as producer:
            answers = await asyncio.gather(*requests)
            producer.process.send_signal(signal.SIGSTOP)
            frozen = asyncio.create_task(door.post())
            await asyncio.wait((frozen,), timeout=0.2)
            assert not frozen.done()
            producer.process.send_signal(signal.SIGCONT)
            answers.append(await frozen)
            assert {answer.status for answer in answers} == {202}
            # What was sent again may be there twice: with the same id.
            assert set(await ids_in_kafka(topics)) >= {answer.json()["id"] for answer in answers}


async def test_without_kafka_a_503_and_with_it_a_202_again(topics: KafkaSettings, kafka: Kafka) -> None:
    async with running(topics) as producer, opened(producer_target=producer.target) as door:
        await door.wait_until_ready()
        assert (await door.post()).status == 202
        kafka.kill()
        try:
            away = await _until(door, 503)
            assert away.problem()["detail"].endswith("Sending it again with the same id is safe.")
        finally:
            await asyncio.to_thread(kafka.start)
        key = away.problem()["id"]
        back = await _until(door, 202, **{"Idempotency-Key": key})
        assert back.json() == {"id": key}
        assert key in await ids_in_kafka(topics)
        assert producer.process.returncode is None


async def test_the_stream_may_be_encrypted(topics: KafkaSettings, tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    environment = {
        "WEATHER_PRODUCER_TLS_CERTIFICATE_FILE": str(certificate),
        "WEATHER_PRODUCER_TLS_KEY_FILE": str(key),
    }
    async with (
        running(topics, environment=environment) as producer,
        opened(producer_target=producer.target, producer_ca_file=str(certificate)) as door,
        opened(producer_target=producer.target, deadline_seconds=0.5) as plain,
    ):
        await door.wait_until_ready()
        assert (await door.post()).status == 202
        assert (await plain.post()).status == 503


async def _until(door: Door, status: int, **headers: str) -> Answer:
    async with asyncio.timeout(60):
        while True:
            answer = await door.post(**headers)
            assert answer.status in (202, 503)
            if answer.status == status:
                return answer
            await asyncio.sleep(0.05)
