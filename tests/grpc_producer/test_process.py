"""The producer as a process: how it starts, says how it is, and ends."""

import asyncio
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import pytest
from grpc_reflection.v1alpha import reflection_pb2

from protos import tweets_pb2, tweets_pb2_grpc
from tests.grpc_producer.clients import DEADLINE_SECONDS
from tests.grpc_producer.tweets import batch, tweet
from weather_tweets.local.ports import free_port
from weather_tweets.settings import KafkaSettings


class Process:
    def __init__(self, process: asyncio.subprocess.Process, port: int, metrics_port: int) -> None:
        self.process = process
        self.target = f"127.0.0.1:{port}"
        self.metrics_url = f"http://127.0.0.1:{metrics_port}"

    async def get(self, path: str) -> tuple[int, str]:
        def get() -> tuple[int, str]:
            try:
                with urllib.request.urlopen(self.metrics_url + path, timeout=10) as answer:  # noqa: S310
                    return answer.status, answer.read().decode()
            except urllib.error.HTTPError as error:
                with error:
                    return error.code, error.read().decode()

        return await asyncio.to_thread(get)

    async def wait_for_kafka(self) -> None:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while True:
                try:
                    if '"kafka":"up"' in (await self.get("/healthz"))[1]:
                        return
                except OSError:
                    assert self.process.returncode is None
                await asyncio.sleep(0.05)


@asynccontextmanager
async def running(kafka: KafkaSettings, **environment: str) -> AsyncIterator[Process]:
    port, metrics_port = free_port(), free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "grpc_producer",
        env={
            **os.environ,
            "WEATHER_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
            "WEATHER_KAFKA_TOPIC": kafka.topic,
            "WEATHER_KAFKA_DEAD_TOPIC": kafka.dead_topic,
            "WEATHER_PRODUCER_PORT": str(port),
            "WEATHER_PRODUCER_METRICS_PORT": str(metrics_port),
            **environment,
        },
    )  # fmt: skip
    try:
        started = Process(process, port, metrics_port)
        await started.wait_for_kafka()
        yield started
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


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


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate for this machine, and its key."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-days", "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
            "-out", certificate, "-keyout", key,
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return certificate, key


async def test_a_certificate_makes_it_speak_tls_only(kafka_settings: KafkaSettings, tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    environment = {
        "WEATHER_PRODUCER_TLS_CERTIFICATE_FILE": str(certificate),
        "WEATHER_PRODUCER_TLS_KEY_FILE": str(key),
    }
    async with running(kafka_settings, **environment) as producer:
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
