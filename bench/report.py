"""The whole result, written as JSON, and read again."""

import os
import platform
from pathlib import Path

import msgspec

from bench.rows import Result, Row
from bench.timeline import Timeline


class Machine(msgspec.Struct, frozen=True):
    """Where it was measured: figures of two machines are not compared, their ratios may be."""

    cpus: int
    processor: str
    python: str


class Report(msgspec.Struct):
    """The stages that were run; `ratios` has the figures by the names of `goals`."""

    machine: Machine
    quick: bool
    door: list[Row] = []
    streams: list[Row] = []
    whole: list[Row] = []
    growth: list[Row] = []
    kafka: list[Row] = []
    ratios: dict[str, float] = {}
    timelines: list[Timeline] = []
    """What something that befell the system did to it, second by second."""

    def add(self, stage: str, result: Result) -> None:
        """Takes in what a stage has found."""
        setattr(self, stage, result.rows)
        self.ratios = {**self.ratios, **result.ratios}
        self.timelines = [*self.timelines, *result.timelines]


class UnreadableReportError(RuntimeError):
    """A file is not what `bench --json` writes."""


def new(*, quick: bool) -> Report:
    """An empty report of this machine."""
    return Report(Machine(os.cpu_count() or 1, _processor(), platform.python_version()), quick)


def write(report: Report, file: Path) -> None:
    """Raises `OSError`."""
    file.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")


def read(file: Path) -> Report:
    """Raises `UnreadableReportError`."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Report)
    except (OSError, msgspec.DecodeError) as error:
        raise UnreadableReportError(f"{file} is no result of `python -m bench --json`: {error}") from error


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
