"""A part of the stack: one server process with its data folder, started, probed, stopped or killed."""

import os
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from operations.local.ports import free_port

READY_SECONDS = 60.0
"""How long a part may take to answer; Kafka on two busy cores needs a third of it."""
STOP_SECONDS = 20.0
"""How long a part may drain after SIGTERM before it is killed."""

_POLL_SECONDS = 0.05


class PartFailedError(RuntimeError):
    """A part ended by itself or did not answer in time; the message names its log."""


class Part(ABC):
    """One server on 127.0.0.1, in a process group of its own.

    Blocking, and not for several threads at once. `start`, `kill` and `start` again keep port and data.
    """

    name: str
    wrapper: Sequence[str] = ()
    """A command that runs ours, its last arguments: a profiler's."""

    def __init__(self, data_dir: Path, *, port: int | None = None, log_file: Path | None = None) -> None:
        """Takes a free port where none is given; the log is `<name>.log` in the data folder by default."""
        self.data_dir = data_dir
        self.port = free_port() if port is None else port
        self.log_file = log_file or data_dir / f"{self.name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self) -> list[str]:
        """The program and its arguments."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether the server serves its clients now; asks it once, for two seconds at most."""

    def environment(self) -> dict[str, str]:
        """Environment variables on top of our own."""
        return {}

    def prepare(self) -> None:  # noqa: B027 (nothing to prepare is a fine default)
        """Writes what the program needs before it starts. Called before every start."""

    @property
    def pid(self) -> int | None:
        """Id of the process, which leads its group; None while it does not run."""
        return self._process.pid if self._process and self._process.poll() is None else None

    @property
    def exit_status(self) -> int | None:
        """How the process ended (negative: by that signal); None if it runs or never did."""
        return self._process.poll() if self._process else None

    def start(self, timeout_seconds: float = READY_SECONDS) -> None:
        """Starts the process and returns when it answers; else `PartFailedError`, and nothing is left."""
        self.spawn()
        try:
            self.wait_ready(timeout_seconds)
        except BaseException:
            self.kill()
            raise

    def spawn(self) -> None:
        """Starts the process without waiting for it."""
        if self.pid is not None:
            raise RuntimeError(f"{self.name} runs already")
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        self.prepare()
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [*self.wrapper, *self.command()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.environment()},
                start_new_session=True,
            )

    def wait_ready(self, timeout_seconds: float = READY_SECONDS) -> None:
        """Returns when the server answers. Raises `PartFailedError` if it ends, or when the time is over."""
        deadline = time.monotonic() + timeout_seconds
        while not self.answers():
            if self.pid is None:
                raise PartFailedError(
                    f"{self.name} ended with status {self.exit_status}: see {self.log_file}"
                )
            if time.monotonic() > deadline:
                raise PartFailedError(
                    f"{self.name} did not answer within {timeout_seconds:g} s: see {self.log_file}"
                )
            time.sleep(_POLL_SECONDS)

    def stop(self, timeout_seconds: float = STOP_SECONDS) -> None:
        """SIGTERM, time to drain, then SIGKILL for whatever is left of its group."""
        if self._process is None:
            return
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout_seconds)
        self.kill()

    def kill(self) -> None:
        """SIGKILL to the whole group, as a crash would be; returns when the process is gone."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
