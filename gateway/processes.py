"""`/metrics` of several worker processes: what each counts, added up, and the processes themselves.

prometheus_client adds up what the workers count in files, but in that mode has no `process_*` metrics.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from weather_tweets.metrics import Clock

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""Tells prometheus_client in which folder the worker processes count."""


def together(folder: str, parent: int) -> CollectorRegistry:
    """All worker processes that count in this folder, and the process that started them, as one."""
    registry = CollectorRegistry()
    registry.register(FilledFiles(folder))
    Clock("gateway", registry)
    registry.register(ProcessGroup(parent, lambda: _alive(Path(folder))))
    return registry


class FilledFiles(Collector):
    """What all processes counted, without the files that their owner has made and not yet filled.

    A worker process that starts makes each file empty and enlarges it afterwards. Who is asked between the
    two finds nothing in it to be read, and nothing has been counted there.
    """

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)

    def collect(self) -> Iterator[Metric]:
        files = [str(file) for file in self._folder.glob("*.db") if _size(file)]
        return iter(MultiProcessCollector.merge(files))  # type: ignore[no-untyped-call]


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:  # a live gauge's, of a process that has just ended
        return 0


class ProcessGroup(Collector):
    """The standard `process_*` metrics, added up over a process and its children.

    CPU seconds include those of children that have ended: a counter must not fall when a worker is replaced.
    The start is the parent's. Memory that processes share is counted in each.
    """

    def __init__(self, parent: int, children: Callable[[], Iterable[int]]) -> None:
        self._parent = parent
        self._children = children

    def collect(self) -> Iterator[Metric]:
        sums = {family.name: family for family in _process(self._parent)}
        for child in self._children():
            for family in _process(child):
                if family.name in sums and family.name != "process_start_time_seconds":
                    _add(sums[family.name], family.samples[0].value)
        cpu = sums.get("process_cpu_seconds")
        if cpu:
            _add(cpu, _ended_children_cpu_seconds(self._parent))
        return iter(sums.values())


def _process(pid: int) -> Iterable[Metric]:
    return ProcessCollector(pid=lambda: pid, registry=None).collect()


def _add(family: Metric, value: float) -> None:
    (sample,) = family.samples
    family.samples = [sample._replace(value=sample.value + value)]


def _alive(folder: Path) -> set[int]:
    """The worker processes: their supervisor takes away the files of live gauges of those that ended."""
    return {int(file.stem.rpartition("_")[2]) for file in folder.glob("gauge_live*_*.db")}


def _ended_children_cpu_seconds(pid: int) -> float:
    """`cutime` and `cstime` of proc(5): the CPU seconds of the children that were waited for."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")
