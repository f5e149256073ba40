"""`python -m bench.profiled SVG COMMAND…`: runs a command, and draws where its CPU time goes.

py-spy starts the command itself: tracing one's own child needs no rights that only root has. It would end
without a graph on SIGTERM, so SIGTERM goes to the command, and when that has ended py-spy draws.
"""

import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil

_SAMPLES_PER_SECOND = 200

_PY_SPY = Path(sys.executable).with_name("py-spy")


def wrapper(svg: Path) -> list[str]:
    """What to put before a command, so that its flame graph is there when it has ended."""
    return [sys.executable, "-m", __name__, str(svg)]


def is_installed() -> bool:
    """Whether py-spy is there."""
    return _PY_SPY.exists()


def _run(svg: str, command: Sequence[str]) -> int:
    spy = subprocess.Popen(
        [
            str(_PY_SPY), "record", "--output", svg, "--rate", str(_SAMPLES_PER_SECOND), "--subprocesses",
            "--", *command,
        ]
    )  # fmt: skip

    def end(*_: object) -> None:
        with suppress(psutil.NoSuchProcess):
            for child in psutil.Process(spy.pid).children():
                child.terminate()

    signal.signal(signal.SIGTERM, end)
    return spy.wait()


if __name__ == "__main__":
    sys.exit(_run(sys.argv[1], sys.argv[2:]))
