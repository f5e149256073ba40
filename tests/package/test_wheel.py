"""What a newcomer gets who installs the wheel: by their own commands, in an environment of their own."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UV = Path(sys.executable).with_name("uv")


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("dist")
    _run(
        UV, "build", "--quiet", "--wheel", "--no-build-isolation", "--python", sys.executable,
        "--out-dir", target, ROOT,
    )  # fmt: skip
    (built,) = target.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Runs a program of a fresh environment that has the wheel and what its extra `local` locks."""
    home = tmp_path_factory.mktemp("newcomer")
    python = home / "venv" / "bin" / "python"
    _run(UV, "venv", "--quiet", "--python", sys.executable, python.parents[1])
    install = (UV, "pip", "install", "--quiet", "--python", python)
    _run(*install, "--require-hashes", "--requirement", ROOT / "requirements" / "local.txt")
    _run(*install, "--no-deps", wheel)
    empty = home / "empty"
    empty.mkdir()
    return lambda program, *arguments: _run(python.with_name(program), *arguments, folder=empty)


def test_it_holds_the_program_and_neither_the_benchmark_nor_what_hides_another_package(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as file:
        names = file.namelist()
    rooms = {name.partition("/")[0] for name in names if not name.partition("/")[0].endswith(".dist-info")}
    services = {"gateway", "grpc_producer", "streams", "ws_writer", "loadgen"}
    assert rooms == {"weather_tweets", "protos", *services, "operations"}
    # What the program reads beside its code.
    assert {
        "gateway/page/index.html", "gateway/openapi.json", "operations/local/pom.xml",
        "operations/energy/grid_intensity.csv", "streams/counters.lua", "loadgen/grammar/es.toml",
    } <= set(names)  # fmt: skip


def test_the_command_line_and_every_service_tell_what_they_take(installed: Callable[..., str]) -> None:
    assert "demo" in installed("weather-tweets", "--help")
    assert "WEATHER_GATEWAY_PORT" in installed("weather-tweets", "settings")
    for service in ("gateway", "grpc_producer", "streams", "ws_writer", "loadgen"):
        assert "--help" in installed("python", "-m", service, "--help"), service
    assert "--tweets" in installed("python", "-m", "loadgen", "swarm", "--help")


def _run(*command: str | Path, folder: Path | None = None) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        # A coverage or a checkout that is on the path would hide what the wheel lacks.
        env={name: value for name, value in os.environ.items() if not name.startswith(("COV", "PYTHONPATH"))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}"
    return done.stdout
