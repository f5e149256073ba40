"""From CPU time to joules: the processor's own counters where they can be read, else a stated power model."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from weather_tweets.settings import EnergySettings

POWERCAP = Path("/sys/class/powercap")
MICROJOULES = 1e-6

MODEL_SOURCE = (
    "Cloud Carbon Footprint's methodology: 3.5 W per busy virtual CPU (SPECpower_ssj2008, full load, average "
    "of the processors of AWS), 0.392 W per GB of memory"
)
RAPL_SOURCE = "RAPL, zone package, split by CPU time as Kepler does (active energy only)"


@dataclass(frozen=True, slots=True)
class Work:
    """What one part did during a run: CPU-seconds used, and memory held on average in bytes."""

    cpu_seconds: float
    memory_bytes: float


class Meter(Protocol):
    """Turns a run's work into joules."""

    @property
    def is_estimate(self) -> bool:
        """False only where energy was measured."""

    @property
    def method(self) -> str:
        """How the joules come about, and by whose figures."""

    def start(self) -> None:
        """Begins a run."""

    def joules(self, work: Work, *, seconds: float, cpus: int) -> float:
        """Energy of one part's work in a run of so many seconds on so many CPUs, since `start`."""


class EstimateMeter:
    """Energy by a power model.

    A busy CPU draws full power for as long as it is busy; the idle time of the machine belongs to nobody. So
    the figure does not depend on what else the machine does, and is lower than a machine of one's own costs.
    """

    is_estimate = True

    def __init__(self, settings: EnergySettings) -> None:
        self._busy_watts = settings.watts_per_busy_cpu
        self._memory_watts_per_byte = settings.watts_per_gigabyte / 1e9
        self._overhead = settings.power_usage_effectiveness

    @property
    def method(self) -> str:
        """The model in one sentence."""
        return (
            f"ESTIMATE, not a measurement: CPU-seconds × {self._busy_watts:g} W + memory × "
            f"{self._memory_watts_per_byte * 1e9:g} W/GB, × PUE {self._overhead:g}. {MODEL_SOURCE}"
        )

    def start(self) -> None:
        """Nothing to read."""

    def joules(self, work: Work, *, seconds: float, cpus: int) -> float:  # noqa: ARG002
        """Energy of the CPU time, and of the memory for the whole run."""
        watt_seconds = work.cpu_seconds * self._busy_watts
        watt_seconds += work.memory_bytes * self._memory_watts_per_byte * seconds
        return watt_seconds * self._overhead


class RaplMeter:
    """Energy that the processor packages counted, shared out by CPU time."""

    is_estimate = False
    method = f"measured: {RAPL_SOURCE}"

    def __init__(self, packages: list["RaplPackage"]) -> None:
        self._packages = packages

    def start(self) -> None:
        """Reads the counters."""
        for package in self._packages:
            package.start()

    def joules(self, work: Work, *, seconds: float, cpus: int) -> float:
        """The part's share of the energy since `start`: its CPU time over all that the machine has."""
        return sum(package.joules() for package in self._packages) * work.cpu_seconds / (seconds * cpus)


class RaplPackage:
    """One processor package's counter, a folder under `/sys/class/powercap`."""

    def __init__(self, folder: Path, read: Callable[[Path], str] = Path.read_text) -> None:
        self._counter = folder / "energy_uj"
        self._range = int(read(folder / "max_energy_range_uj"))
        self._read = read
        self._first = int(read(self._counter))

    def start(self) -> None:
        """Begins to count from here."""
        self._first = int(self._read(self._counter))

    def joules(self) -> float:
        """Energy since `start`; a counter that ran over once in between is understood."""
        used = int(self._read(self._counter)) - self._first
        return (used if used >= 0 else used + self._range) * MICROJOULES


def meter(settings: EnergySettings, powercap: Path = POWERCAP) -> Meter:
    """RAPL where the machine has it and lets it be read, else the estimate."""
    packages = []
    for folder in sorted(powercap.glob("intel-rapl:*")):
        # `intel-rapl:0` is a package, `intel-rapl:0:1` a zone within it, in the package's figure already.
        if folder.name.count(":") == 1:
            try:
                if (folder / "name").read_text().startswith("package"):
                    packages.append(RaplPackage(folder))
            except (OSError, ValueError):
                # Readable for root only since CVE-2020-8694.
                return EstimateMeter(settings)
    return RaplMeter(packages) if packages else EstimateMeter(settings)
