"""What a newcomer gets who installs the wheel: by their own commands, in an environment of their own."""

import os
import subprocess
import sys
import zipfile
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


class Newcomer:
    """Fresh environments with the wheel and what an extra of it locks, and an empty folder to work in."""

    def __init__(self, wheel: Path, home: Path) -> None:
        self._wheel = wheel
        self._home = home

    def runs(self, extra: str, program: str, *arguments: str) -> str:
        """What the program of that extra's environment prints; its exit status must be 0."""
        python = self._home / extra / "bin" / "python"
        if not python.exists():
            _run(UV, "venv", "--quiet", "--python", sys.executable, python.parents[1])
            install = (UV, "pip", "install", "--quiet", "--python", python)
            _run(*install, "--require-hashes", "--requirement", ROOT / "requirements" / f"{extra}.txt")
            _run(*install, "--no-deps", self._wheel)
        empty = self._home / "empty"
        empty.mkdir(exist_ok=True)
        return _run(python.with_name(program), *arguments, folder=empty)


@pytest.fixture(scope="session")
def newcomer(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Newcomer:
    return Newcomer(wheel, tmp_path_factory.mktemp("newcomer"))


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


def test_who_installs_all_has_the_command_line_and_every_service(newcomer: Newcomer) -> None:
    assert "demo" in newcomer.runs("local", "weather-tweets", "--help")
    assert "WEATHER_GATEWAY_PORT" in newcomer.runs("local", "weather-tweets", "settings")
    for service in ("gateway", "grpc_producer", "streams", "ws_writer", "loadgen"):
        assert "--help" in newcomer.runs("local", "python", "-m", service, "--help"), service
    assert "--tweets" in newcomer.runs("local", "python", "-m", "loadgen", "swarm", "--help")


@pytest.mark.parametrize(
    ("extra", "module"),
    [
        ("gateway", "gateway.serving"),
        ("producer", "grpc_producer.server"),
        ("streams", "streams.app"),
        ("writer", "ws_writer.server"),
        ("loadgen", "loadgen.locust_main"),
        ("tools", "operations.audit_sources"),
    ],
)
def test_each_extra_is_enough_for_its_service(newcomer: Newcomer, extra: str, module: str) -> None:
    """As in the images, which have nothing else."""
    assert newcomer.runs(extra, "python", "-c", f"import {module}; print('fine')") == "fine\n"


def test_the_tools_are_enough_for_audits_dead_letters_backups_and_rebuilds(newcomer: Newcomer) -> None:
    assert "--json" in newcomer.runs("tools", "weather-tweets", "audit", "--help")
    assert "--edit" in newcomer.runs("tools", "weather-tweets", "dead", "requeue", "--help")
    for command in ("rebuild", "backup", "restore"):
        assert "--stats-url" in newcomer.runs("tools", "weather-tweets", command, "--help")
    module = (
        "import operations.dead.deciding, operations.dead.describing, operations.dead.histogram, "
        "operations.rebuild.mongo, operations.rebuild.plan, operations.rebuild.tables, "
        "operations.rebuild.redis, operations.backup.saving, operations.backup.restoring"
    )
    assert newcomer.runs("tools", "python", "-c", module) == ""


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
