"""The connection to Kafka: made, watched, and made anew when it breaks."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.structs import PartitionMetadata

from grpc_producer.broker_client import BrokerProducer
from grpc_producer.publisher import Publisher
from weather_tweets.kafka import client_options, ensure_topics, that_answer
from weather_tweets.settings import KafkaSettings, ProducerSettings

log = logging.getLogger(__name__)
_aiokafka_log = logging.getLogger("aiokafka")

# A broker takes records batches of 1 MiB by default; half of it keeps latency low under load.
_MAX_BATCH_BYTES = 512 * 1024
_REQUEST_TIMEOUT_MS = 5_000

# Kafka must count as away within two seconds of its end: two pulses that find nobody.
_PULSE_SECONDS = 0.4
_PULSES_MISSED = 2
# One that is there but silent gets longer: a pause of its garbage collector is no end.
_SILENCE_SECONDS = 3.0
_ACKNOWLEDGE_SECONDS = 5.0
# Where other brokers have copies, one of them takes over when the leader's session is over (by default after
# 9 s), and all have to learn of it. Who waits for that has a deadline of its own, the gateway's.
_TAKE_OVER_SECONDS = 12.0

_CONNECT_SECONDS = 15.0
_RETRY_SECONDS = 0.5


class Connection:
    """Keeps a publisher attached to Kafka as long as Kafka is there.

    A producer that failed is not mended but replaced: idempotent sequences with a hole, metadata of a
    cluster that is gone, requests without an answer are all left behind with it.
    """

    def __init__(
        self,
        kafka: KafkaSettings,
        settings: ProducerSettings,
        publisher: Publisher,
        on_change: Callable[[bool], Awaitable[None]],
    ) -> None:
        """`on_change` is told when Kafka can be published to (True) and when it no longer can."""
        self.up = False
        self.has_been_up = asyncio.Event()
        self._kafka = kafka
        self._settings = settings
        self._publisher = publisher
        self._on_change = on_change
        self._producer: AIOKafkaProducer | None = None
        self._leaving: set[asyncio.Task[None]] = set()

    def partitions(self) -> list[PartitionMetadata]:
        """The topic's, as a broker described them at the last pulse; none while Kafka is away."""
        if not self.up or not self._producer:
            return []
        # aiokafka tells the leader of a partition in public, and its replicas only here.
        return list(self._producer.client.cluster._partitions.get(self._kafka.topic, {}).values())

    async def run(self) -> None:
        """Connects, watches and reconnects until it is cancelled; then disconnects."""
        try:
            await self._keep_connected()
        finally:
            await asyncio.gather(*self._leaving, return_exceptions=True)

    async def _keep_connected(self) -> None:
        while True:
            # aiokafka tells every attempt; while there is no Kafka, once is enough, and we do that.
            _aiokafka_log.setLevel(logging.CRITICAL)
            producer = self._producer = await self._connected()
            _aiokafka_log.setLevel(logging.WARNING)
            reason = "the producer is stopping"
            try:
                partitions = len(await producer.partitions_for(self._kafka.topic))
                broken = self._publisher.attach(producer, partitions)
                log.info("Kafka is there: %s has %d partitions", self._kafka.topic, partitions)
                self.up = True
                self.has_been_up.set()
                await self._on_change(True)
                reason = await self._lost(producer, broken)
                log.warning("Kafka is away: %s", reason)
            except KafkaError as error:
                reason = repr(error)
                log.warning("Kafka is away: %s", reason)
            except Exception as error:
                # A bug, in aiokafka or here: a new connection is the remedy for all of them.
                reason = repr(error)
                log.exception("Unexpected error in the connection to Kafka")
            finally:
                self.up = False
                self._publisher.detach(reason)
                self._leave(producer)
            await self._on_change(False)

    def _leave(self, producer: AIOKafkaProducer) -> None:
        """Not waited for: a broker that stands still takes seconds to be left, and others may be there."""
        leaving = asyncio.create_task(_abandon(producer))
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)

    async def _connected(self) -> AIOKafkaProducer:
        said = ""
        while True:
            producer: AIOKafkaProducer | None = None
            try:
                async with asyncio.timeout(_CONNECT_SECONDS):
                    # Among several brokers one may stand still, and the others lead.
                    kafka = await that_answer(self._kafka)
                    await ensure_topics(kafka)
                    producer = self._new_producer(kafka)
                    await producer.start()
                    return producer
            except (KafkaError, OSError, TimeoutError) as error:
                if repr(error) != said:
                    said = repr(error)
                    log.warning("Waiting for Kafka at %s: %s", self._kafka.bootstrap_servers, said)
            except asyncio.CancelledError:
                if producer:
                    await _abandon(producer)
                raise
            if producer:
                await _abandon(producer)
            await asyncio.sleep(_RETRY_SECONDS)

    def _new_producer(self, kafka: KafkaSettings) -> AIOKafkaProducer:
        compression = self._settings.compression
        return BrokerProducer(
            **client_options(kafka),
            client_id="weather-producer",
            enable_idempotence=True,
            acks="all",
            compression_type=None if compression == "none" else compression,
            max_batch_size=_MAX_BATCH_BYTES,
            request_timeout_ms=_REQUEST_TIMEOUT_MS,
        )

    async def _lost(self, producer: AIOKafkaProducer, broken: "asyncio.Future[str]") -> str:
        """Returns when the producer is of no more use, and why."""
        missed = 0
        while True:
            _end_if_cancelled()
            await asyncio.wait([broken], timeout=_PULSE_SECONDS)
            if broken.done():
                return broken.result()
            patience_seconds = _TAKE_OVER_SECONDS if self._has_copies() else _ACKNOWLEDGE_SECONDS
            if self._publisher.oldest_seconds() > patience_seconds:
                return f"no acknowledgement for {patience_seconds:g} s"
            try:
                # Also how new partitions become known.
                async with asyncio.timeout(_SILENCE_SECONDS):
                    answered = await producer.client.force_metadata_update()
            except TimeoutError:
                return f"no answer for {_SILENCE_SECONDS:g} s"
            self._publisher.go_round()
            missed = 0 if answered else missed + 1
            if missed >= _PULSES_MISSED:
                return "no broker can be reached"
            if answered:
                self._publisher.spread(len(await producer.partitions_for(self._kafka.topic)))

    def _has_copies(self) -> bool:
        return any(len(partition.replicas) > 1 for partition in self.partitions())


def _end_if_cancelled() -> None:
    """Takes up a cancellation that was lost on the way.

    aiokafka waits by `asyncio.wait_for`, which until Python 3.12 loses one that comes together with the
    result (bpo-42130); whoever cancelled us would wait for ever.
    """
    task = asyncio.current_task()
    if task and task.cancelling():
        raise asyncio.CancelledError


async def _abandon(producer: AIOKafkaProducer) -> None:
    """Closes the producer without waiting for what it still wanted to send."""
    # aiokafka's stop() flushes first, which never ends while Kafka is away.
    sender = producer._sender.sender_task
    if sender:
        sender.cancel()
    await producer.client.close()
    with suppress(KafkaError, TimeoutError):
        async with asyncio.timeout(_REQUEST_TIMEOUT_MS / 1000):
            await producer.stop()
