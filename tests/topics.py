"""Reads topics from beginning to end."""

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

_WAIT_MS = 2000


async def read_to_end(kafka: str, topic: str) -> list[list[ConsumerRecord[bytes, bytes]]]:
    """Of each partition the records that it has now, without those of transactions that came to nothing."""
    ends = await _ends(kafka, topic)
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=kafka,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
    )
    await consumer.start()
    try:
        partitions = sorted(consumer.assignment())
        return [await _read(consumer, partition, ends[partition]) for partition in partitions]
    finally:
        await consumer.stop()


async def _ends(kafka: str, topic: str) -> dict[TopicPartition, int]:
    """Also of what is committed, but not yet marked so: it is waited for."""
    async with AIOKafkaConsumer(topic, bootstrap_servers=kafka, enable_auto_commit=False) as consumer:
        ends: dict[TopicPartition, int] = await consumer.end_offsets(consumer.assignment())
        return ends


async def _read(
    consumer: AIOKafkaConsumer, partition: TopicPartition, end: int
) -> list[ConsumerRecord[bytes, bytes]]:
    records: list[ConsumerRecord[bytes, bytes]] = []
    while await consumer.position(partition) < end:
        for fetched in (await consumer.getmany(partition, timeout_ms=_WAIT_MS)).values():
            records += fetched
    return records
