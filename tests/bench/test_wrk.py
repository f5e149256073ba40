"""Load by wrk, against a real server."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import wrk
from bench.failure import StageFailedError
from bench.stages.door import SanicFloor, write_bodies
from operations.local.ports import free_port

TWEET = '{"texto":"Llueve","país":"Guatemala"}'.encode()
OUTPUT = """Running 3s test @ http://127.0.0.1:8000/input
  Thread Stats   Avg      Stdev     Max   +/- Stdev
{"requests": 30, "microseconds": 3000123, "refused": 0, "broken": 0, "p50_us": 900, "p99_us": 2100}
"""


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SanicFloor]:
    folder = tmp_path_factory.mktemp("sanic")
    part = SanicFloor("sanic", folder, {}, port=free_port(), log_file=folder / "log")
    part.start()
    yield part
    part.kill()


@pytest.fixture
def bodies(tmp_path: Path) -> Path:
    write_bodies([TWEET], tmp_path / "bodies")
    return tmp_path / "bodies"


def test_what_the_script_says_is_read_from_the_last_line() -> None:
    seen = wrk.answers(OUTPUT)
    assert (seen.requests, seen.p50_us, seen.p99_us, seen.seconds) == (30, 900, 2100, 3.000123)


def test_output_of_another_script_is_refused() -> None:
    with pytest.raises(StageFailedError, match="did not say"):
        wrk.answers("Requests/sec: 12.3\n")


def test_every_client_is_answered(floor: SanicFloor, bodies: Path) -> None:
    seen = wrk.post(f"http://127.0.0.1:{floor.port}/input", bodies, clients=4, seconds=1)
    assert seen.requests
    assert 0 < seen.p50_us <= seen.p99_us


def test_refused_requests_are_no_measurement(floor: SanicFloor, bodies: Path) -> None:
    with pytest.raises(StageFailedError, match="were refused"):
        wrk.post(f"http://127.0.0.1:{floor.port}/elsewhere", bodies, clients=2, seconds=1)


def test_a_server_that_is_not_there_is_no_measurement(bodies: Path) -> None:
    with pytest.raises(StageFailedError):
        wrk.post(f"http://127.0.0.1:{free_port()}/input", bodies, clients=1, seconds=1)


def test_without_wrk_it_is_said_what_brings_it(bodies: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(StageFailedError, match="make setup-bench"):
        wrk.post("http://127.0.0.1:1/input", bodies, clients=1, seconds=1)
