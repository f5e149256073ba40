"""A further producer beside the load, whose tweets come in transactions."""

import random
import time
import uuid

import msgspec
from aiokafka import AIOKafkaProducer

from operations.chaos.field import Field
from operations.chaos.schedule import Fault
from weather_tweets.kafka import client_options

_TRANSACTIONS = 10
_TWEETS = 3
"""In each: small, so that their markers make holes everywhere."""


async def strike(field: Field, fault: Fault) -> tuple[str, float]:
    """Committed tweets are in the client's ledger as those that it sent itself, aborted ones are not."""
    chance = random.Random(fault.chance)  # noqa: S311 - repeatable, not secret
    moment = time.monotonic()
    async with AIOKafkaProducer(
        **client_options(field.kafka), transactional_id=f"weather-chaos-{uuid.uuid4()}"
    ) as producer:
        for _ in range(_TRANSACTIONS):
            ids = [str(uuid.UUID(int=chance.getrandbits(128), version=4)) for _ in range(_TWEETS)]
            await producer.begin_transaction()
            if fault.kind == "commit":
                field.client.ledger.sent.update(ids)
            for id_ in ids:
                body = {"id": id_, "texto": f"En una transacción {id_[:8]}", "país": "Guatemala"}
                await producer.send_and_wait(field.kafka.topic, msgspec.json.encode(body), id_.encode())
            if fault.kind == "commit":
                await producer.commit_transaction()
                field.client.ledger.acknowledged.update(ids)
            else:
                await producer.abort_transaction()
    return field.kafka.topic, moment
