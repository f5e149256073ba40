"""No word in the manuals that the program does not have."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.manual.checks import problems
from tests.manual.program import Program, program
from tests.manual.text import Quote, chapters, quotes


def _problems(path: Path, there: Program) -> list[str]:
    return [problem for quote in quotes(path) for problem in problems(quote, there)]


@pytest.mark.parametrize("path", chapters(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_name_in_a_chapter_exists_in_the_program(path: Path) -> None:
    assert _problems(path, program()) == []


def _everything_wrong_with(there: Program) -> str:
    return "\n".join(problem for path in chapters() for problem in _problems(path, there))


def test_a_renamed_command_is_noticed() -> None:
    commands = dict(program().commands)
    commands["verify"] = commands.pop("audit")
    assert "has no command audit" in _everything_wrong_with(replace(program(), commands=commands))


def test_a_renamed_option_is_noticed() -> None:
    commands = program().commands | {"down": {"--erase", "--help"}}
    assert "down has no option --purge" in _everything_wrong_with(replace(program(), commands=commands))


def test_a_renamed_target_setting_metric_route_key_or_alert_is_noticed() -> None:
    there = program()
    renamed = replace(
        there,
        targets=there.targets - {"demo"},
        settings=there.settings - {"WEATHER_WRITER_TOKEN"},
        metrics=there.metrics - {"weather_streams_records_lost_total"},
        routes={service: paths - {"/readyz", "/input"} for service, paths in there.routes.items()},
        keys=there.keys - {"live:rate"},
        alerts=there.alerts - {"WeatherRecordsLost"},
    )
    found = _everything_wrong_with(renamed)
    for sentence in (
        "make has no target demo",
        "there is no setting WEATHER_WRITER_TOKEN",
        "there is no metric weather_streams_records_lost_total",
        "the gateway has no route /input",
        "no service has the route /readyz",
        "Redis has no key live:rate",
        "there is no alert WeatherRecordsLost",
    ):
        assert sentence in found


@pytest.mark.parametrize(
    ("kind", "text", "problem"),
    [
        ("console", "$ weather-tweets fly --high", "weather-tweets has no command fly"),
        ("console", "$ .venv/bin/weather-tweets up --wings 2", "weather-tweets up has no option --wings"),
        ("console", "$ python -m gateway --sideways", "gateway has no option --sideways"),
        ("console", "$ python -m nowhere", "there is no nowhere"),
        ("inline", "--sideways", "no command has the option --sideways"),
        ("inline", "streams/nowhere.py", "there is no file streams/nowhere.py"),
        ("inline", "GET /stats/<país>", None),
        ("inline", "weather-tweets --data-dir x up", None),
        ("console", "what a command printed: make nothing", None),
    ],
)
def test_each_kind_of_quote_is_looked_up(kind: str, text: str, problem: str | None) -> None:
    found = list(problems(Quote("here:1", kind, text), program()))
    assert found == ([] if problem is None else [f"here:1: {problem}"])
