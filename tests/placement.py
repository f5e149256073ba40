"""Which of the processes of `pytest --numprocesses` runs which tests, and in which order.

xdist orders files by their number of tests. What takes minutes has few of them: it came last, and one process
stood idle while the other went through it. And files that share a page or a stack were given to both
processes, each of which started its own.
"""

from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Protocol, TypeVar

from xdist.scheduler import LoadScopeScheduling

# What takes long, longest first: a whole folder is for one process, because its files share what is running.
# All others are short, and fill up the end.
LONG = (
    "tests/faults/test_brokers.py",
    "tests/faults/test_chaos.py",
    "tests/page",
    "tests/operations/rebuild/test_retention.py",
    "tests/operations/local/test_whole_stack.py",
    "tests/faults",
    "tests/operations/backup/test_drill.py",
    "tests/streams/test_topics_under_the_knife.py",
    "tests/simulation",
    "tests/streams/test_worker.py",
    "tests/streams/test_sinks.py",
    "tests/operations/rebuild/test_rebuild_mongo.py",
    "tests/ws_writer/test_damage.py",
    "tests/streams/test_restart.py",
    "tests/streams/test_redis_refuses.py",
    "tests/loadgen/test_swarm.py",
    "tests/operations/local/test_deep_audit.py",
    "tests/golden",
    "tests/operations/rebuild/test_rebuild_tables.py",
    "tests/operations/dead/test_walk.py",
    "tests/operations/energy/test_experiment.py",
    "tests/package",
    "tests/observability/test_running_stack.py",
    "tests/operations/local/test_secured_stack.py",
    "tests/operations/export/test_export.py",
    "tests/operations/local/test_proxied_stack.py",
    "tests/gateway/test_direct.py",
    "tests/fuzz",
    "tests/streams/test_transport.py",
    "tests/weather_tweets/places/test_gazetteer.py",
)


class _HasId(Protocol):
    @property
    def nodeid(self) -> str: ...


T = TypeVar("T", bound=_HasId)


def group(nodeid: str) -> str:
    """The entry of `LONG` that the test belongs to, a file before its folder; else its file."""
    file = PurePosixPath(nodeid.partition("::")[0])
    places = (str(place) for place in (file, *file.parents))
    return next((place for place in places if place in LONG), str(file))


def longest_first(items: Iterable[T]) -> list[T]:
    """The same tests, those of a group next to one another, else in their order."""
    rank = {place: number for number, place in enumerate(LONG)}
    return sorted(items, key=lambda item: rank.get(group(item.nodeid), len(LONG)))


class Placement(LoadScopeScheduling):  # type: ignore[misc]
    """Gives a group to a process that has nothing to do, in the order in which tests were collected."""

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)
