"""What a golden file is made of: every kind of record, sent to a running stack by every way there is."""

import asyncio
import uuid

from aiokafka import AIOKafkaProducer

from tests.running_stack import RunningStack

TOPIC = "messages"

_POSTED = [
    {"texto": "Llueve en Xela", "país": "Guatemala"},
    {"texto": "Sol y viento", "pais": "méxico"},
    {"text": "Snow until Friday", "country": "CA"},
    {"texto": "雪が降っている ☃️", "país": "日本"},
    {"texto": "Niebla espesa", "país": "Atlantis"},
    {"texto": 'Calor,\nmucho calor "de verdad"', "país": "Côte d'Ivoire"},
    {"texto": "Otra vez lluvia", "país": "Guatemala"},
    {"texto": "Granizo en la sierra", "país": "Perú"},
]
_FOREIGN = [
    b'{"texto": "Sin id", "pais": "Honduras"}',
    b'{"texto": "Con id", "pa\xc3\xads": "SV", "id": "5f3f8c1e-0f53-4a30-9c0f-6a4f8d2b7e11", "extra": [1]}',
    b"no JSON at all",
    b"\xff\xfe\x00",
    b'{"texto": "", "pais": "Honduras"}',
    None,
]


def tweet_id(number: int) -> str:
    """The id of the `number`th tweet that is posted."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"https://golden.example/{number}"))


def send(stack: RunningStack) -> int:
    """Sends all of it, in rounds, so that every partition's tally has a history; how many were accepted."""
    # A client that heard no answer sends again.
    numbers = [*range(len(_POSTED)), 0, 4, *range(len(_POSTED), 2 * len(_POSTED))]
    for place, number in enumerate(numbers):
        if place == len(_POSTED):
            asyncio.run(_produce(stack.endpoints.kafka))
        stack.post({"id": tweet_id(number), **_POSTED[number % len(_POSTED)]})
    return len(numbers)


async def _produce(kafka: str) -> None:
    """As a producer that knows nothing of us: spread by the key, or without one."""
    async with AIOKafkaProducer(bootstrap_servers=kafka, acks="all") as producer:
        for number, value in enumerate([*_FOREIGN, *_FOREIGN]):
            key = b"key-%d" % number if number % 3 else None
            await producer.send_and_wait(TOPIC, value, key=key, headers=[("source", b"elsewhere")])
