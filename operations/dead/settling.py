"""What was decided on dead letters: each is put into `messages` again at most once, whatever dies when.

The decisions are records of a topic of their own, compacted, by the letter's identity. A requeued record and
the decision that it was requeued are one transaction of Kafka's (KIP-98): both are there or none. Every
command takes the same transactional id, so that one which hangs, or runs beside this one, is fenced off by
Kafka and can no longer decide anything.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Literal

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code
from aiokafka.structs import RecordMetadata

from operations.dead.letters import Letter
from streams.dead_letter_headers import Headers
from weather_tweets.kafka import TOPIC_CONFIG, client_options
from weather_tweets.settings import KafkaSettings

FROM = "weather.requeued.from"
"""Header of a requeued record: `topic/partition/offset` that it had when it was refused."""
MENDED = "weather.requeued.mended"
"""Header of a requeued record whose value was edited."""

_WAIT_MS = 1000
_UNSETTLED_SECONDS = 5.0
"""How long a decision under way is waited for; one of a command that died Kafka gives up after a minute."""


class Decision(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of a letter; `at` in milliseconds since the epoch."""

    action: Literal["requeued", "discarded"]
    at: int
    to: str = ""
    """Of a requeued letter: `topic/partition/offset` that it has now."""
    note: str = ""


class Settler:
    """Decides on letters, alone."""

    def __init__(
        self, settings: KafkaSettings, producer: AIOKafkaProducer, decisions: dict[str, Decision]
    ) -> None:
        self._settings = settings
        self._producer = producer
        self._decisions = decisions

    @property
    def decisions(self) -> Mapping[str, Decision]:
        """By the letter's identity."""
        return self._decisions

    async def requeue(self, letters: Sequence[tuple[Letter, bytes]]) -> None:
        """Puts letters, each with the value that it is to have, into the topic; all of them or none.

        Those that were requeued before are left out. Raises `aiokafka.errors.KafkaError`, above all
        `ProducerFenced`.
        """
        new = [(letter, value) for letter, value in letters if not self._is_requeued(letter)]
        async with self._producer.transaction():
            records = await self._send(
                (self._settings.topic, value, letter.key, _headers(letter, value)) for letter, value in new
            )
            decided = await self._decide({
                letter.identity: Decision("requeued", _now(), to=f"{at.topic}/{at.partition}/{at.offset}")
                for (letter, _), at in zip(new, records, strict=True)
            })  # fmt: skip
        self._decisions |= decided

    async def discard(self, letters: Sequence[Letter], note: str) -> None:
        """Marks letters as discarded; those that were decided on before are left out. Raises as `requeue`."""
        async with self._producer.transaction():
            decided = await self._decide({
                letter.identity: Decision("discarded", _now(), note=note)
                for letter in letters
                if letter.identity not in self._decisions
            })  # fmt: skip
        self._decisions |= decided

    def _is_requeued(self, letter: Letter) -> bool:
        decided = self._decisions.get(letter.identity)
        return decided is not None and decided.action == "requeued"

    async def _decide(self, decisions: dict[str, Decision]) -> dict[str, Decision]:
        topic = decisions_topic(self._settings)
        await self._send(
            (topic, msgspec.json.encode(decision), identity.encode(), [])
            for identity, decision in decisions.items()
        )
        return decisions

    async def _send(
        self, records: Iterable[tuple[str, bytes, bytes | None, Headers]]
    ) -> list[RecordMetadata]:
        sent: list[asyncio.Future[RecordMetadata]] = []
        try:
            for topic, value, key, headers in records:
                sent.append(await self._producer.send(topic, value, key, headers=headers))
        finally:
            # All of them, also where one is refused: of those that nobody asks, asyncio complains.
            results = await asyncio.gather(*sent, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return [result for result in results if not isinstance(result, BaseException)]


@asynccontextmanager
async def settler(settings: KafkaSettings) -> AsyncIterator[Settler]:
    """The one who may decide from now on. Raises `aiokafka.errors.KafkaError`."""
    await _ensure_topic(settings)
    producer = AIOKafkaProducer(
        **client_options(settings), transactional_id=decisions_topic(settings), acks="all"
    )
    await producer.start()
    try:
        # Whoever was at it before is fenced off when the first transaction begins: only then is what was
        # decided all that will have been decided.
        async with producer.transaction():
            decisions = await read(settings)
        yield Settler(settings, producer, decisions)
    finally:
        await producer.stop()


async def read(settings: KafkaSettings) -> dict[str, Decision]:
    """What was decided up to now, by the letter's identity. Raises `aiokafka.errors.KafkaError`."""
    partition = TopicPartition(decisions_topic(settings), 0)
    decisions: dict[str, Decision] = {}
    consumer = AIOKafkaConsumer(
        **client_options(settings), enable_auto_commit=False, isolation_level="read_committed"
    )
    await consumer.start()
    try:
        if partition.topic not in await consumer.topics():
            return decisions
        consumer.assign([partition])
        await consumer.seek_to_beginning(partition)
        end = await _end(settings, partition)
        patience = time.monotonic() + _UNSETTLED_SECONDS
        while await consumer.position(partition) < end and time.monotonic() < patience:
            for records in (await consumer.getmany(partition, timeout_ms=_WAIT_MS)).values():
                for record in records:
                    decisions[record.key.decode()] = msgspec.json.decode(record.value, type=Decision)
    finally:
        await consumer.stop()
    return decisions


async def _end(settings: KafkaSettings, partition: TopicPartition) -> int:
    """With what is committed, but not yet marked so by Kafka: that takes a moment."""
    async with AIOKafkaConsumer(
        partition.topic, **client_options(settings), enable_auto_commit=False
    ) as consumer:
        ends: dict[TopicPartition, int] = await consumer.end_offsets([partition])
        return ends[partition]


def decisions_topic(settings: KafkaSettings) -> str:
    """Name of the topic, and of the transactional id."""
    return f"{settings.dead_topic}.decisions"


async def _ensure_topic(settings: KafkaSettings) -> None:
    admin = AIOKafkaAdminClient(**client_options(settings))
    await admin.start()
    try:
        if decisions_topic(settings) in await admin.list_topics():
            return
        reply = await admin.create_topics(
            [
                NewTopic(
                    decisions_topic(settings),
                    1,
                    settings.replication_factor,
                    topic_configs=TOPIC_CONFIG | {"cleanup.policy": "compact"},
                )
            ]
        )
        for name, code, *message in reply.topic_errors:
            error = for_code(code)
            # Another command may have been quicker.
            if code and error is not TopicAlreadyExistsError:
                raise error(f"topic {name}: {message}")
    finally:
        await admin.close()


def _headers(letter: Letter, value: bytes) -> Headers:
    origin = letter.origin
    added = [(FROM, f"{origin.topic}/{origin.partition}/{origin.offset}".encode())]
    if value != letter.value:
        added.append((MENDED, b"true"))
    # One that was requeued before, and refused again, names the last place only.
    return [*((name, of) for name, of in letter.headers if name not in (FROM, MENDED)), *added]


def _now() -> int:
    return int(time.time() * 1000)
