"""quixstreams, which is built on confluent-kafka: a pipeline of one function per message."""

from collections import Counter
from typing import Any

from quixstreams import Application

from bench.baselines.account import job, tell


def main() -> None:
    todo = job()
    countries: Counter[str] = Counter()
    done = 0
    app = Application(
        broker_address=todo.bootstrap_servers,
        consumer_group=todo.group,
        auto_offset_reset="earliest",
        loglevel="WARNING",
    )

    def count(tweet: dict[str, Any]) -> None:
        nonlocal done
        countries[tweet["codigo"]] += 1
        done += 1
        if done == 1:
            tell(countries)
        if done == todo.messages:
            tell(countries)

    pipeline = app.dataframe(app.topic(todo.topic, value_deserializer="json"))
    pipeline.update(count)
    app.run(count=todo.messages)


if __name__ == "__main__":
    main()
