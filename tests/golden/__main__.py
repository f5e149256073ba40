"""`python -m tests.golden`: writes the golden file of this version, `tests/golden/<version>.json`.

Once per release, from the code that is released, and never again: the file is what that version wrote.
"""

import sys
import tempfile
from pathlib import Path

from redis import Redis

from tests.golden import recording, traffic
from tests.golden.snapshot import FOLDER, Snapshot, this_version
from tests.running_stack import RunningStack, run_stack
from tests.streams.cluster import until
from weather_tweets import redis_keys


def main() -> None:
    path = FOLDER / f"{this_version()}.json"
    if path.exists():
        sys.exit(f"{path} is there: what version {this_version()} wrote does not change any more")
    with tempfile.TemporaryDirectory() as folder:
        for stack in run_stack(Path(folder) / "data", {"WEATHER_KAFKA_PARTITIONS": "3"}):
            _record(stack).save(path)
    sys.stdout.write(f"{path}\n")


def _record(stack: RunningStack) -> Snapshot:
    accepted = traffic.send(stack)
    stack.audit()
    with Redis.from_url(stack.endpoints.redis) as redis:
        until(
            lambda: accepted == int(redis.hget(redis_keys.LIVE_TOTALS, "messages") or 0),
            "the live view has it",
        )
    return recording.record(stack)


if __name__ == "__main__":
    main()
