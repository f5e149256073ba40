"""Runs a baseline and reads what it uses between its first batch and its last."""

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from bench.failure import StageFailedError
from bench.reading import Meter
from bench.rows import Run
from weather_tweets.settings import KafkaSettings

_CHECKOUT = Path(__file__).parents[2]
_STOP_SECONDS = 10.0

PART = "baseline"
"""The baseline's name among the processes of a row."""


class Baseline(NamedTuple):
    """A script of this folder, and the interpreter that has what it needs."""

    title: str
    module: str
    python: Path

    @property
    def available(self) -> bool:
        return self.python.exists()


_OTHERS = _CHECKOUT / ".venv-bench" / "bin" / "python"
_OURS = Path(sys.executable)

CONFLUENT = Baseline("bare confluent-kafka loop", "confluent_loop", _OTHERS)
QUIX = Baseline("quixstreams", "quix", _OTHERS)
FAUST = Baseline("stock Faust `take(1000)`", "faust_take", _OURS)


class BaselineFailedError(StageFailedError):
    """A baseline ended too early, or did not count what it was told to count; see its log."""


class Consumed(NamedTuple):
    """What a baseline used, and what it counted by country code."""

    run: Run
    countries: dict[str, int]


def consume(
    baseline: Baseline, settings: KafkaSettings, *, group: str, messages: int, log_file: Path
) -> Consumed:
    """Has it consume so many messages of the topic, or a batch more. Raises `BaselineFailedError`."""
    with log_file.open("ab") as log:
        process = subprocess.Popen(
            [
                str(baseline.python), "-m", f"{__package__}.{baseline.module}",
                settings.bootstrap_servers, settings.topic, group, str(messages),
            ],
            cwd=_CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )  # fmt: skip
    try:
        first = _told(process, baseline, log_file)
        meter = Meter({PART: [process.pid]})
        last = _told(process, baseline, log_file)
        reading = meter.read()
    finally:
        process.terminate()
        try:
            process.communicate(timeout=_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
    if sum(last.values()) < messages:
        raise BaselineFailedError(f"{baseline.title} counted too few messages: see {log_file}")
    return Consumed(Run(sum(last.values()) - sum(first.values()), reading), last)


def _told(process: "subprocess.Popen[str]", baseline: Baseline, log_file: Path) -> dict[str, int]:
    """The next account that it gives."""
    assert process.stdout is not None  # noqa: S101 (it is a pipe)
    for line in process.stdout:
        if line.startswith("{"):
            counts: dict[str, int] = json.loads(line)
            return counts
    raise BaselineFailedError(f"{baseline.title} ended too early: see {log_file}")
