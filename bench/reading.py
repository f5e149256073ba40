"""What processes used between two moments: CPU time, and the most memory that they held."""

import re
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from operations.energy import usage
from operations.energy.usage import Processes, part_of

_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)


class Reading(NamedTuple):
    """The use of each part; all workers of the streams are one part, their memory is that of the largest."""

    seconds: float
    cpu_seconds: dict[str, float]
    peak_rss_bytes: dict[str, int]


class Meter:
    """Reads processes from its making to `read`."""

    def __init__(self, processes: Processes) -> None:
        self._processes = processes
        for pid in _pids(processes):
            with suppress(OSError):
                # The peak begins anew (proc_pid_clear_refs(5)).
                Path(f"/proc/{pid}/clear_refs").write_text("5")
        self._before = usage.snapshot(processes)

    def read(self) -> Reading:
        """What was used up to now; who has ended meanwhile is left out."""
        after = usage.snapshot(self._processes)
        peaks: dict[str, int] = {}
        for name, pids in self._processes.items():
            largest = max((peak_rss_bytes(pid) for pid in pids), default=0)
            peaks[part_of(name)] = max(largest, peaks.get(part_of(name), 0))
        work = usage.work_between(self._before, after)
        return Reading(
            after.at - self._before.at, {part: done.cpu_seconds for part, done in work.items()}, peaks
        )


def peak_rss_bytes(pid: int) -> int:
    """The most memory that a process has held (`VmHWM`); 0 if it has ended."""
    try:
        found = _PEAK.search(Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0
    return int(found[1]) * 1024 if found else 0


def _pids(processes: Processes) -> list[int]:
    return [pid for pids in processes.values() for pid in pids]
