import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil

from operations.local import leftovers


def _start(path: Path, code: str) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", f"{code}\nprint('ready', flush=True)\nimport time; time.sleep(600)"],
        env={**os.environ, leftovers.MARK: str(path)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def _finish(process: "subprocess.Popen[str]") -> int:
    with process:
        process.kill()
    return process.returncode


def test_every_process_of_the_folder_is_ended_and_no_other(tmp_path: Path) -> None:
    child = "import subprocess; subprocess.Popen(['sleep', '600'])"
    ours, other = _start(tmp_path / "ours", child), _start(tmp_path / "other", "")
    stubborn = _start(tmp_path / "ours", "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    stopped = _start(tmp_path / "ours", "")
    stopped.send_signal(signal.SIGSTOP)
    try:
        assert len(leftovers.processes(tmp_path / "ours")) == 4
        assert leftovers.end(tmp_path / "ours", grace_seconds=0.5) == 4
        assert leftovers.processes(tmp_path / "ours") == []
        assert not any(psutil.pid_exists(process.pid) for process in (ours, stubborn, stopped))
        assert psutil.pid_exists(other.pid)
        assert other.poll() is None
    finally:
        for process in (ours, other, stubborn, stopped):
            _finish(process)


def test_where_nothing_is_left_nothing_is_ended(tmp_path: Path) -> None:
    assert leftovers.end(tmp_path) == 0
