import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from loadgen import dataset
from loadgen.cli import app

run = CliRunner(env={"COLUMNS": "200", "NO_COLOR": "1", "X_BEARER_TOKEN": ""}).invoke


def test_generate_writes_the_file_that_was_asked_for(tmp_path: Path) -> None:
    first, again = tmp_path / "first.json", tmp_path / "again.json"
    result = run(
        app, ["generate", "--tweets", "50", "--seed", "3", "--out", str(first), "--start", "2026-01-05"]
    )
    assert result.exit_code == 0, result.output
    entries = dataset.read(first)
    assert len(entries) == 50
    # Midnight in London is still the day before in America.
    assert {str(entry.at)[:7] for entry in entries} <= {"2026-01"}
    assert min(str(entry.at) for entry in entries) >= "2026-01-04"
    run(app, ["generate", "--tweets", "50", "--seed", "3", "--out", str(again), "--start", "2026-01-05"])
    assert first.read_bytes() == again.read_bytes()


def test_import_x_says_what_it_left_out(tmp_path: Path) -> None:
    source, out = tmp_path / "x.json", tmp_path / "tweets.json"
    users = [{"id": "u", "location": "Quetzaltenango, Guatemala"}]
    posts = [
        {"id": "1", "author_id": "u", "text": "@a Llueve https://t.co/b"},
        {"id": "2", "text": "¿Dónde?"},
    ]
    source.write_text(json.dumps({"data": posts, "includes": {"users": users}}))
    result = run(app, ["import-x", str(source), "--out", str(out), "--clean"])
    assert result.exit_code == 0, result.output
    assert [(entry.text, entry.country) for entry in dataset.read(out)] == [("Llueve", "Guatemala")]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["import-x", "absent.json"], "cannot be read"),
        (["fetch-x", "--query", "lluvia"], "X_BEARER_TOKEN"),
        (["fetch-x", "--query", "lluvia", "--since", "yesterday"], "neither a time"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], complaint: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(app, arguments)
    assert result.exit_code == 1
    assert complaint in result.output
    assert "Traceback" not in result.output
