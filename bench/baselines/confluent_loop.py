"""A bare loop of confluent-kafka (librdkafka): the limit in Python."""

from collections import Counter

import orjson
from confluent_kafka import Consumer

from bench.baselines.account import job, tell

_MESSAGES_AT_ONCE = 2000


def main() -> None:
    todo = job()
    countries: Counter[str] = Counter()
    consumer = Consumer({
        "bootstrap.servers": todo.bootstrap_servers,
        "group.id": todo.group,
        "auto.offset.reset": "earliest",
    })  # fmt: skip
    consumer.subscribe([todo.topic])
    done = 0
    while done < todo.messages:
        messages = consumer.consume(_MESSAGES_AT_ONCE, timeout=1.0)
        countries.update([orjson.loads(message.value())["codigo"] for message in messages])
        if not done and messages:
            tell(countries)
        done += len(messages)
    tell(countries)
    consumer.close()


if __name__ == "__main__":
    main()
