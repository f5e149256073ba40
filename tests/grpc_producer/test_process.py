"""The producer as a process: how it starts, says how it is, and ends."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import grpc
import pytest
from grpc_reflection.v1alpha import reflection_pb2

from protos import tweets_pb2, tweets_pb2_grpc
from tests.grpc_producer.clients import DEADLINE_SECONDS
from tests.grpc_producer.processes import running, self_signed
from tests.grpc_producer.tweets import batch, tweet
from tests.raw_http import check_head
from weather_tweets.settings import KafkaSettings


async def test_sigterm_lets_what_was_read_be_answered_and_ends_with_status_0(
    kafka_settings: KafkaSettings,
) -> None:
    async with (
        running(kafka_settings) as producer,
        grpc.aio.insecure_channel(producer.target) as channel,
    ):
        call = tweets_pb2_grpc.TweetPublisherStub(channel).PublishBatches()
        await call.wait_for_connection()
        await call.write(batch(0, *(tweet() for _ in range(10))))
        assert await call.read() == tweets_pb2.BatchReply(sequence=0)
        for sequence in range(1, 21):
            await call.write(batch(sequence, *(tweet() for _ in range(500))))
        producer.process.send_signal(signal.SIGTERM)
        answered = []
        async with asyncio.timeout(DEADLINE_SECONDS):
            while (reply := await call.read()) is not grpc.aio.EOF:
                assert isinstance(reply, tweets_pb2.BatchReply)
                assert not reply.rejections
                answered.append(reply.sequence)
            # The rest was not read: nobody was told that it is in Kafka.
            assert sorted(answered) == list(range(1, len(answered) + 1))
            assert await producer.process.wait() == 0


async def test_it_describes_itself_and_says_how_it_is(kafka_settings: KafkaSettings) -> None:
    async with (
        running(kafka_settings) as producer,
        grpc.aio.insecure_channel(producer.target) as channel,
    ):
        await tweets_pb2_grpc.TweetPublisherStub(channel).Publish(tweet())
        status, metrics = await producer.get("/metrics")
        assert status == 200
        assert "weather_producer_tweets_published_total 1.0" in metrics
        assert (await producer.get("/other"))[0] == 404
        await asyncio.to_thread(check_head, producer.metrics_port, "/healthz", "/metrics", "/other")
        ask = channel.stream_stream(
            "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
            request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
            response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
        )
        call = ask(iter([reflection_pb2.ServerReflectionRequest(list_services="")]))
        listed = {service.name async for reply in call for service in reply.list_services_response.service}
        assert {"weathertweets.v1.TweetPublisher", "grpc.health.v1.Health"} <= listed
        producer.process.send_signal(signal.SIGTERM)
        assert await producer.process.wait() == 0


async def test_a_certificate_makes_it_speak_tls_only(kafka_settings: KafkaSettings, tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    environment = {
        "WEATHER_PRODUCER_TLS_CERTIFICATE_FILE": str(certificate),
        "WEATHER_PRODUCER_TLS_KEY_FILE": str(key),
    }
    async with running(kafka_settings, environment=environment) as producer:
        credentials = grpc.ssl_channel_credentials(certificate.read_bytes())
        async with grpc.aio.secure_channel(producer.target, credentials) as channel:
            assert (await tweets_pb2_grpc.TweetPublisherStub(channel).Publish(tweet())).id
        async with grpc.aio.insecure_channel(producer.target) as channel:
            with pytest.raises(grpc.aio.AioRpcError):
                await tweets_pb2_grpc.TweetPublisherStub(channel).Publish(tweet(), timeout=10)


async def test_a_taken_port_is_said_in_one_line(kafka_settings: KafkaSettings) -> None:
    async with running(kafka_settings) as producer:
        second = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "grpc_producer", "--port", producer.target.rpartition(":")[2],
            "--metrics-port", "0", stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        _, errors = await second.communicate()
        assert second.returncode == 1
        assert b"cannot listen" in errors
        assert b"Traceback" not in errors


def test_help_names_the_settings() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "grpc_producer", "--help"], check=True, capture_output=True, text=True
    )
    assert "WEATHER_PRODUCER_" in shown.stdout
