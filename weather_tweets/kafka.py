"""Kafka for every part that speaks to it: connection options from the settings, and the topics."""

import asyncio
import random
import ssl
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.conn import create_conn
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code
from aiokafka.protocol.metadata import MetadataRequest

from weather_tweets.settings import KafkaSettings

ADMIN_TIMEOUT_MS = 5_000
"""How long a broker may take to answer an administrator before another is asked; aiokafka has 40 s."""


TOPIC_CONFIG = {"message.timestamp.type": "LogAppendTime"}
"""Of every topic of ours: a record's time is the broker's.

By default it is its producer's, and Kafka refuses records of one whose clock is an hour ahead; those of one
that is days behind would be taken away by retention at once.
"""


def client_options(settings: KafkaSettings) -> dict[str, Any]:
    """Keyword arguments that every aiokafka client takes: where the brokers are, and how to be let in."""
    options: dict[str, Any] = {
        "bootstrap_servers": _shuffled(settings.bootstrap_servers),
        "security_protocol": settings.security_protocol,
    }
    context = ssl_context(settings)
    if context:
        options["ssl_context"] = context
    if settings.security_protocol.startswith("SASL_"):
        options |= {
            "sasl_mechanism": settings.sasl_mechanism,
            "sasl_plain_username": settings.sasl_username,
            "sasl_plain_password": settings.sasl_password.get_secret_value(),
        }
    return options


def _shuffled(servers: str) -> str:
    """aiokafka asks them in turn, and waits for each: a client that is made anew must not begin with the same
    broker that stands still."""
    every = servers.split(",")
    return ",".join(random.sample(every, len(every)))


async def that_answer(settings: KafkaSettings, patience_seconds: float = 1.0) -> KafkaSettings:
    """The same with only those bootstrap servers that answer now; with all where none does in time.

    aiokafka asks one after another and waits for each as long as for any answer: one broker that stands
    still, as in a machine that is frozen, would cost every new client seconds.
    """
    servers = settings.bootstrap_servers.split(",")
    if len(servers) == 1:
        return settings
    asked = {asyncio.create_task(_answers(settings, server, patience_seconds)): server for server in servers}
    pending = set(asked)
    answering: list[str] = []
    try:
        while pending and not answering:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            answering = [asked[task] for task in done if task.result()]
    finally:
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
    return settings.model_copy(update={"bootstrap_servers": ",".join(answering or servers)})


async def _answers(settings: KafkaSettings, server: str, patience_seconds: float) -> bool:
    options = client_options(settings)
    del options["bootstrap_servers"]
    host, _, port = server.rpartition(":")
    try:
        async with asyncio.timeout(patience_seconds):
            connection = await create_conn(host, int(port), **options)
            try:
                return bool((await connection.send(MetadataRequest([]))).brokers)
            finally:
                connection.close()
    except (KafkaError, OSError):
        return False


def ssl_context(settings: KafkaSettings) -> ssl.SSLContext | None:
    """The TLS context for the brokers, None where the protocol has no TLS."""
    if not settings.security_protocol.endswith("SSL"):
        return None
    return ssl.create_default_context(cafile=settings.ssl_ca_file or None)


async def ensure_topics(settings: KafkaSettings) -> None:
    """Creates `topic` and `dead_topic` with their partitions where they are missing.

    Faust ignores a topic that does not exist when it subscribes and never comes back to it, so this comes
    before anyone subscribes. Raises `aiokafka.errors.KafkaError` when Kafka is away.
    """
    admin = AIOKafkaAdminClient(**client_options(settings), request_timeout_ms=ADMIN_TIMEOUT_MS)
    await admin.start()
    try:
        present = set(await admin.list_topics())
        missing = [name for name in (settings.topic, settings.dead_topic) if name not in present]
        if not missing:
            return
        reply = await admin.create_topics(
            [
                NewTopic(name, settings.partitions, settings.replication_factor, topic_configs=TOPIC_CONFIG)
                for name in missing
            ]
        )
        for name, code, *message in reply.topic_errors:
            error = for_code(code)
            # Another service may have been quicker.
            if code and error is not TopicAlreadyExistsError:
                raise error(f"topic {name}: {message}")
    finally:
        await admin.close()


async def end_offsets(
    settings: KafkaSettings, *topics: str, timeout_seconds: float
) -> dict[str, dict[int, int]]:
    """By topic and partition, the offset that the next record will get.

    Raises `aiokafka.errors.KafkaError` or `OSError` (a `TimeoutError`, too) when Kafka is away.
    """
    # Subscribed, but without a group: so that it learns the topics' partitions.
    consumer = AIOKafkaConsumer(
        *topics, **client_options(settings), request_timeout_ms=int(timeout_seconds * 1000)
    )
    try:
        async with asyncio.timeout(2 * timeout_seconds):
            await consumer.start()
            ends = await consumer.end_offsets(consumer.assignment())
    finally:
        await consumer.stop()
    by_topic: dict[str, dict[int, int]] = {topic: {} for topic in topics}
    for partition, end in ends.items():
        by_topic[partition.topic][partition.partition] = end
    return by_topic
