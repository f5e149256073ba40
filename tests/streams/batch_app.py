"""A Faust app for the tests of the transport: notes what its agents get, as lines of JSON in a file."""

import json
import os
from pathlib import Path
from typing import Any

import faust

from streams.transport import BatchSchema, RecordBatch

name = os.environ["APP"]
notes = Path(os.environ["NOTES"])

app = faust.App(
    name,
    broker=f"batch://{os.environ['BROKER']}",
    topic_partitions=int(os.environ["PARTITIONS"]),
    broker_max_poll_records=500,
    broker_commit_interval=0.2,
    broker_session_timeout=6.0,
    broker_heartbeat_interval=1.0,
    topic_disable_leader=True,
    table_standby_replicas=0,
    datadir=os.environ["DATA"],
)
batched = app.topic(
    f"{name}-batched",
    schema=BatchSchema(lambda batch: batch, collect_milliseconds=int(os.environ["COLLECT"])),
    maxsize=1,
)
single = app.topic(f"{name}-single", key_serializer="raw", value_serializer="raw")
counts = app.Table("counts", key_type=int, partitions=int(os.environ["PARTITIONS"]))


def note(**what: Any) -> None:
    with notes.open("a") as file:
        file.write(json.dumps(what) + "\n")


@app.agent(batched)  # type: ignore[arg-type]
async def take_batches(stream: faust.Stream[RecordBatch]) -> None:
    async for event in stream.noack().events():
        batch = event.value
        partition = event.message.partition
        counts[partition] = counts.get(partition, 0) + len(batch)
        note(
            batch=[int(record.value) for record in batch],
            partition=partition,
            generation=event.message.generation_id,
            start=batch.start,
            first=batch[0].offset,
            last=event.message.offset,
            counted=counts[partition],
        )
        event.ack()


@app.agent(single)  # type: ignore[arg-type]
async def take_singles(stream: faust.Stream[bytes]) -> None:
    async for event in stream.events():
        note(single=int(event.value), partition=event.message.partition, offset=event.message.offset)
