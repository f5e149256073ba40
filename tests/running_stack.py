"""A stack that the command line started, for tests."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import psutil

from operations.audit import Counts, audit
from operations.audit_sources import of_stack
from operations.local import endpoints, launch, leftovers
from operations.local.endpoints import Endpoints
from operations.local.folder import Folder
from operations.local.keeper import PartStatus

_COMMAND_SECONDS = 280
_ACCEPT_SECONDS = 120


class RunningStack:
    """One data folder and the command line on it; parts take random free ports."""

    def __init__(self, path: Path, environment: dict[str, str] | None = None) -> None:
        self.folder = Folder(path)
        self._environment = {"WEATHER_STACK_USUAL_PORTS": "false", "COLUMNS": "200", **(environment or {})}

    def cli(self, *arguments: str, status: int = 0, **environment: str) -> str:
        """Runs `weather-tweets` and returns what it printed; its exit status must be the given one."""
        result = subprocess.run(
            [sys.executable, "-m", "operations.cli", "--data-dir", str(self.folder.path), *arguments],
            env={**os.environ, **self._environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_COMMAND_SECONDS,
        )
        assert result.returncode == status, f"{arguments}:\n{result.stdout}\n{result.stderr}"
        return result.stdout + result.stderr

    def cli_json(self, *arguments: str, status: int = 0) -> Any:
        """The same, of a command that prints JSON."""
        return json.loads(self.cli(*arguments, status=status))

    def parts(self) -> dict[str, PartStatus]:
        """What `status` says, by name."""
        return {part.name: part for part in launch.status(self.folder)[1]}

    def audit(self) -> Counts:
        """What `audit` finds; all stores must agree."""
        counts = audit(of_stack(self.endpoints), wait_seconds=60)
        assert counts.differences == [], counts
        return counts

    @property
    def endpoints(self) -> Endpoints:
        return endpoints.read(self.folder)

    def post(self, tweet: dict[str, str]) -> dict[str, Any]:
        """Sends a tweet until it is accepted, as a client does: again after a 503, with the same id."""
        request = urllib.request.Request(  # noqa: S310 (the address is ours)
            f"{self.endpoints.gateway}/input",
            json.dumps({"id": str(uuid.uuid4()), **tweet}).encode(),
            {"Content-Type": "application/json"},
        )
        deadline = time.monotonic() + _ACCEPT_SECONDS
        while True:
            try:
                with urllib.request.urlopen(request, timeout=30) as reply:  # noqa: S310
                    assert reply.status == 202
                    accepted: dict[str, Any] = json.load(reply)
                    return accepted
            except urllib.error.HTTPError as error:
                if error.code != 503 or "Retry-After" not in error.headers or time.monotonic() > deadline:
                    raise
                error.close()
                time.sleep(0.2)

    def processes(self) -> list[psutil.Process]:
        """Every process of the stack."""
        return leftovers.processes(self.folder.path)


def run_stack(
    path: Path, environment: dict[str, str] | None = None, options: Iterable[str] = ()
) -> Iterator[RunningStack]:
    """For a fixture: the stack, up with these options; afterwards nothing of it is left."""
    stack = RunningStack(path, environment)
    try:
        stack.cli("up", *options)
        yield stack
    finally:
        stack.cli("down", "--purge")
        assert stack.processes() == []
