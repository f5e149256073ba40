"""`python -m bench`, as far as it measures nothing."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from bench import cli as command
from bench import report as reports
from bench import stages
from bench.cli import app
from bench.failure import StageFailedError
from bench.rows import Result
from operations.cli.context import err
from tests.bench.results import report, row


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setattr(err, "width", 200)
    return CliRunner(env={"COLUMNS": "200"})


def test_an_unknown_stage_is_named(runner: CliRunner, tmp_path: Path) -> None:
    done = runner.invoke(app, ["--data-dir", str(tmp_path), "dor"])
    assert done.exit_code == 2
    assert "There is no stage dor: there are door, streams, whole, growth, kafka." in done.stderr


def test_plots_without_matplotlib_are_refused_before_anything_is_measured(
    runner: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "find_spec", lambda _: None)
    done = runner.invoke(app, ["--data-dir", str(tmp_path), "door", "--plots", str(tmp_path)])
    assert done.exit_code == 2
    assert "make setup-bench" in done.stderr


def test_a_stage_that_fails_says_why_and_the_next_begins(
    runner: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(stage: str, _: object) -> Result:
        if stage == "streams":
            raise StageFailedError("the workers do not work")
        return Result([row(f"a row of {stage}")], {})

    monkeypatch.setattr(stages, "run", run)
    file = tmp_path / "result.json"
    done = runner.invoke(app, ["--data-dir", str(tmp_path), "door", "streams", "whole", "--json", str(file)])
    assert done.exit_code == 1
    assert "streams: the workers do not work" in done.stderr
    assert "No result of streams" in done.stderr
    result = reports.read(file)
    assert [each.name for each in (*result.door, *result.streams, *result.whole)] == [
        "a row of door",
        "a row of whole",
    ]


def test_compare_shows_what_changed(runner: CliRunner, tmp_path: Path) -> None:
    before, after = tmp_path / "before.json", tmp_path / "after.json"
    reports.write(report(door_10_p99_ms=10), before)
    dearer = report(door_10_p99_ms=20)
    dearer.add("door", Result([row("10 clients", cpu=30)], {}))
    reports.write(dearer, after)
    done = runner.invoke(app, ["compare", str(before), str(after)])
    assert done.exit_code == 0
    assert "door: 10 clients" in done.stdout
    assert "door_10_p99_ms" in done.stdout
    assert "+50 %" in done.stdout
    assert "streams: 10 clients" not in done.stdout
    same = runner.invoke(app, ["compare", str(before), str(before)])
    assert "Nothing changed by more than noise." in same.stdout


def test_compare_refuses_what_is_no_result(runner: CliRunner, tmp_path: Path) -> None:
    file = tmp_path / "other.json"
    file.write_text("[]")
    done = runner.invoke(app, ["compare", str(file), str(file)])
    assert done.exit_code == 2
    assert "other.json is no result" in done.stderr
