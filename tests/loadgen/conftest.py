"""A front door that remembers who came, and the swarm as its users start it."""

import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import loadgen
from operations.local.ports import free_port
from tests.loadgen.http import Answer, Request, serving

LOCUSTFILE = Path(loadgen.__file__).with_name("locustfile.py")
DEADLINE_SECONDS = 120


class FrontDoor:
    """Takes what is posted to `/input`; `answer` decides on it, given its key and how often it came."""

    def __init__(self) -> None:
        self.url = ""
        self.answer: Callable[[str, int], Answer] = lambda key, _: Answer(
            202, json.dumps({"id": key}).encode()
        )
        self.bodies: list[dict[str, str]] = []
        self.hosts: set[str] = set()
        self.authorizations: set[str | None] = set()
        self.came: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __call__(self, request: Request) -> Answer:
        if (request.method, request.path) != ("POST", "/input"):
            return Answer(404)
        key = request.headers["idempotency-key"]
        with self._lock:
            self.came[key] += 1
            self.bodies.append(json.loads(request.body))
            self.hosts.add(request.headers["host"])
            self.authorizations.add(request.headers.get("authorization"))
            times = self.came[key]
        return self.answer(key, times)


@pytest.fixture
def front_door() -> Iterator[FrontDoor]:
    """A gateway's stand-in on this machine."""
    door = FrontDoor()
    with serving(door) as door.url:
        yield door


class Run(NamedTuple):
    """What a swarm left behind."""

    status: int
    summary: dict[str, Any]
    progress: list[dict[str, int]]
    log: str


def tweet_file(path: Path, tweets: list[dict[str, str]]) -> Path:
    """Writes tweets as the mission's file."""
    path.write_text(json.dumps(tweets, ensure_ascii=False), "utf-8")
    return path


def command(folder: Path, host: str, *options: str) -> list[str]:
    """A Locust command line with a small file of tweets, on ports of its own."""
    data = folder / "tweets.json"
    if not data.exists():
        tweet_file(data, [{"texto": f"Llueve {n}", "país": "Guatemala"} for n in range(40)])
    port = str(free_port())
    return [
        sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), "--host", host,
        "--master-bind-port", port, "--master-port", port, "--data", str(data),
        "--summary", str(folder / "summary.json"), *options,
    ]  # fmt: skip


@pytest.fixture
def swarm(tmp_path: Path) -> Callable[..., Run]:
    """Runs `locust --headless` against a host until it ends."""

    def run(host: str, *options: str) -> Run:
        done = subprocess.run(
            command(tmp_path, host, "--headless", "--progress", *options),
            capture_output=True,
            text=True,
            timeout=DEADLINE_SECONDS,
            check=False,
            cwd=tmp_path,
        )
        summary = tmp_path / "summary.json"
        return Run(
            done.returncode,
            json.loads(summary.read_text("utf-8")) if summary.exists() else {},
            [json.loads(line) for line in done.stdout.splitlines()],
            done.stderr,
        )

    return run
