"""Faust as it comes: its own transport, its own JSON (orjson), an agent that takes 1,000 at a time."""

import sys
import tempfile
from collections import Counter
from typing import Any

import faust

from bench.baselines.account import Job, job, tell

_MESSAGES_AT_ONCE = 1000
_WITHIN_SECONDS = 1.0


def application(todo: Job, folder: str) -> faust.App:
    app = faust.App(
        todo.group,
        broker=f"kafka://{todo.bootstrap_servers}",
        value_serializer="json",
        topic_disable_leader=True,
        web_enabled=False,
        worker_redirect_stdouts=False,
        datadir=folder,
    )
    countries: Counter[str] = Counter()

    async def count(stream: faust.Stream[dict[str, Any]]) -> None:
        done = 0
        async for tweets in stream.take(_MESSAGES_AT_ONCE, within=_WITHIN_SECONDS):
            countries.update([tweet["codigo"] for tweet in tweets])
            before, done = done, done + len(tweets)
            if not before:
                tell(countries)
            if before < todo.messages <= done:
                tell(countries)

    app.agent(app.topic(todo.topic))(count)  # type: ignore[arg-type]
    return app


def main() -> None:
    todo = job()
    with tempfile.TemporaryDirectory() as folder:
        # Faust's command line takes its arguments from there.
        sys.argv = sys.argv[:1]
        faust.Worker(application(todo, folder), loglevel="WARNING").execute_from_commandline()


if __name__ == "__main__":
    main()
