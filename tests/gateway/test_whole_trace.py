"""A trace from the client's request to Kafka, and the worker's batch with a link to it, at a receiver."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.direct import DirectHttpProtocol
from gateway.protocol import PunctualHttpProtocol
from operations.local.kafka import Kafka
from tests.gateway.doors import DEADLINE_SECONDS, TWEET, opened
from tests.gateway.producers import FakeProducer
from tests.grpc_producer.processes import running
from tests.otlp import Received, attributes, receiving
from tests.streams.cluster import Cluster

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SAMPLED, NOT_SAMPLED = f"00-{TRACE}-{SPAN}-01", f"00-{TRACE}-{SPAN}-00"


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Received]:
    """Traces go here, of those requests only whose client wants it."""
    with receiving() as received:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", received.url)
        monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_always_off")
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
        yield received


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not condition():
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("protocol", [DirectHttpProtocol, PunctualHttpProtocol])
async def test_the_gateway_hands_on_the_trace_of_a_sampled_request_and_no_other(
    protocol: type[PunctualHttpProtocol], receiver: Received, producer: FakeProducer
) -> None:
    async with opened(protocol=protocol, producer_target=producer.target) as door:
        await door.wait_until_ready()
        for header in ({}, {"traceparent": NOT_SAMPLED}, {"traceparent": "nonsense"}):
            assert (await door.post(**header)).status == 202
        assert [tweet.traceparent for tweet in producer.tweets] == ["", "", ""]
        assert (await door.post([TWEET] * 2, traceparent=SAMPLED)).status == 202
        await until(lambda: receiver.of("weather-gateway"))
        (span,) = receiver.of("weather-gateway")
        assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE, SPAN)
        assert span.name == "POST /input"
        assert span.kind == span.SPAN_KIND_SERVER
        assert attributes(span)["http.response.status_code"] == 202
        assert attributes(span)["messaging.batch.message_count"] == 2
        expected = f"00-{TRACE}-{span.span_id.hex()}-01"
        assert [tweet.traceparent for tweet in producer.tweets[3:]] == [expected] * 2


async def test_a_collector_that_is_away_costs_no_request(
    monkeypatch: pytest.MonkeyPatch, producer: FakeProducer
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    async with opened(producer_target=producer.target) as door:
        await door.wait_until_ready()
        assert {(await door.post()).status for _ in range(20)} == {202}


async def test_a_tweet_can_be_followed_from_its_client_to_the_stores(
    receiver: Received, kafka: Kafka, redis_url: str, mongo_url: str, tmp_path: Path
) -> None:
    cluster = await asyncio.to_thread(Cluster, tmp_path, kafka.bootstrap_servers, redis_url, mongo_url)
    try:
        worker = await asyncio.to_thread(cluster.start)
        async with (
            running(cluster.settings) as producer,
            opened(producer_target=producer.target) as door,
        ):
            await door.wait_until_ready()
            assert (await door.post([TWEET] * 5)).status == 202
            assert (await door.post([TWEET] * 3, traceparent=SAMPLED)).status == 202
            await until(lambda: len(receiver.of("weather-streams")) >= 3)
            # Each service sends its spans when it likes.
            await until(lambda: receiver.of("weather-gateway") and receiver.of("weather-producer"))
        (request,) = receiver.of("weather-gateway")
        (published,) = receiver.of("weather-producer")
        assert (published.trace_id, published.parent_span_id) == (request.trace_id, request.span_id)
        assert published.kind == published.SPAN_KIND_PRODUCER
        spans = receiver.of("weather-streams")
        (batch,) = (span for span in spans if span.kind == span.SPAN_KIND_CONSUMER)
        # A trace of its own, with a link to each of those that it does the work of: three tweets of one.
        assert batch.trace_id != request.trace_id
        assert [(link.trace_id, link.span_id) for link in batch.links] == [
            (published.trace_id, published.span_id)
        ]
        assert attributes(batch)["messaging.destination.name"] == cluster.settings.topic
        steps = {span.name: span for span in spans if span is not batch}
        assert steps.keys() == {"mongo", "redis"}
        assert {span.parent_span_id for span in steps.values()} == {batch.span_id}
        assert await asyncio.to_thread(worker.terminate) == 0
    finally:
        await asyncio.to_thread(cluster.close)
