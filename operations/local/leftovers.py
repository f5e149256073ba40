"""What a crashed supervisor left behind: every process of a stack carries its data folder in its environment.

So they are found without any file that a crash could have left incomplete, and no process of anyone else
can be mistaken for one.
"""

import os
import signal
from contextlib import suppress
from pathlib import Path

import psutil

MARK = "WEATHER_STACK_FOLDER"
"""Environment variable of every process of a stack: the absolute path of its data folder."""


def processes(path: Path) -> list[psutil.Process]:
    """The running processes of the stack in this data folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get(MARK) == str(path.absolute()):
                found.append(process)
        except psutil.Error:
            # Gone meanwhile, or another user's.
            continue
    return found


def end(path: Path, *, grace_seconds: float = 10.0) -> int:
    """Ends them all, SIGTERM first; returns how many there were."""
    found = processes(path)
    for process in found:
        _signal(process, signal.SIGTERM)
        # A stopped process takes its SIGTERM only when it goes on.
        _signal(process, signal.SIGCONT)
    psutil.wait_procs(found, timeout=grace_seconds)
    # Once more from the start: they may have had children meanwhile.
    while rest := processes(path):
        for process in rest:
            _signal(process, signal.SIGKILL)
        psutil.wait_procs(rest, timeout=grace_seconds)
    return len(found)


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    with suppress(psutil.NoSuchProcess):
        process.send_signal(number)
