"""What each part of the running stack uses: CPU time and memory of its processes."""

import resource
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import psutil

from operations.energy.power import Work

Processes = Mapping[str, Sequence[int]]
"""Name of part → its processes, as `endpoints.json` has them."""


class Snapshot(NamedTuple):
    """The use of every process at one moment; `at` is in seconds of a clock that never goes back."""

    at: float
    cpu_seconds: dict[str, dict[int, float]]
    memory_bytes: dict[str, float]


def snapshot(processes: Processes) -> Snapshot:
    """Reads all processes now. All workers of the streams are one part; who has ended is left out."""
    cpu: dict[str, dict[int, float]] = defaultdict(dict)
    memory: dict[str, float] = defaultdict(float)
    for name, pids in processes.items():
        part = part_of(name)
        for pid in pids:
            try:
                process = psutil.Process(pid)
                with process.oneshot():
                    times = process.cpu_times()
                    # What a process shares with others is counted once for each of them.
                    memory[part] += process.memory_info().rss
                    cpu[part][pid] = times.user + times.system
            except psutil.NoSuchProcess:
                continue
    return Snapshot(time.monotonic(), dict(cpu), dict(memory))


def work_between(before: Snapshot, after: Snapshot) -> dict[str, Work]:
    """What each part did in between. A process that started meanwhile counts from its start."""
    return {
        part: Work(
            cpu_seconds=sum(
                max(0.0, used - before.cpu_seconds.get(part, {}).get(pid, 0.0)) for pid, used in pids.items()
            ),
            memory_bytes=(before.memory_bytes.get(part, 0.0) + after.memory_bytes[part]) / 2,
        )
        for part, pids in after.cpu_seconds.items()
    }


def part_of(name: str) -> str:
    """`streams-2` is of the streams."""
    return name.partition("-")[0]


class Machine(NamedTuple):
    """CPU-seconds that the whole machine has been busy, and that this process and its children have used."""

    busy: float
    own: float


def machine() -> Machine:
    """Reads both now; of children only those that have ended."""
    times = psutil.cpu_times()
    idle = times.idle + getattr(times, "iowait", 0.0) + getattr(times, "steal", 0.0)
    own = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    # Guests' time is in the user's already.
    guests = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)
    return Machine(sum(times) - idle - guests, sum(used.ru_utime + used.ru_stime for used in own))
