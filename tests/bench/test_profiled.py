"""A command under the profiler."""

import signal
import subprocess
import sys
from pathlib import Path

from bench import profiled

_BUSY = """
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
print("busy", flush=True)
while True:
    sum(range(1000))
"""


def test_a_command_that_is_told_to_end_leaves_its_flame_graph(tmp_path: Path) -> None:
    svg = tmp_path / "busy.svg"
    with subprocess.Popen(
        [*profiled.wrapper(svg), sys.executable, "-c", _BUSY],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout
        waiting = {"busy", "Sampling"}
        while waiting:
            line = process.stdout.readline()
            waiting -= {word for word in waiting if word in line}
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    assert "<svg" in svg.read_text()
