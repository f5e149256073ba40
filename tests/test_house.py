"""The house: five floors, and no import goes upward or from one service to another."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

FLOORS = (
    {"weather_tweets", "protos"},
    {"gateway", "grpc_producer", "streams", "ws_writer", "loadgen"},
    {"operations"},
    {"bench", "gazetteer", "observability"},
    {"manual"},
)
"""Lowest first. What stands on one floor does not import each other, but for the ground's own code."""

_FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}


def _imports(file: Path) -> Iterator[tuple[int, str]]:
    """Line and top-level name of every import, wherever it stands."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield node.lineno, name.name.partition(".")[0]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.lineno, node.module.partition(".")[0]


def _trespasses(room: str, file: Path) -> list[str]:
    return [
        f"{file.name}:{line} ({room}) imports {other}"
        for line, other in _imports(file)
        if other in _FLOOR and other != room and _FLOOR[other] >= _FLOOR[room]
    ]


@pytest.mark.parametrize("room", sorted(_FLOOR))
def test_no_import_goes_upward_or_next_door(room: str) -> None:
    files = sorted((ROOT / room).rglob("*.py"))
    assert files or room == "protos"
    assert not [trespass for file in files for trespass in _trespasses(room, file)]


def test_nothing_that_runs_imports_a_test_or_stands_outside_the_floors() -> None:
    rooms = {file.parent.name for file in ROOT.glob("*/__init__.py")} - {"tests"}
    assert rooms == {room for room in _FLOOR if (ROOT / room / "__init__.py").exists()}


def test_an_import_upward_is_seen_wherever_it_stands(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text("def late():\n    from operations import audit\n    import gateway.app\n")
    assert _trespasses("weather_tweets", file) == [
        "module.py:2 (weather_tweets) imports operations",
        "module.py:3 (weather_tweets) imports gateway",
    ]
    assert _trespasses("streams", file) == [
        "module.py:2 (streams) imports operations",
        "module.py:3 (streams) imports gateway",
    ]
    assert _trespasses("operations", file) == []
