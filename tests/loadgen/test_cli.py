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
    assert "left out: no place, point or profile  1" in result.output
    left_out = tmp_path / "left-out.jsonl"
    run(app, ["import-x", str(source), "--out", str(out), "--left-out", str(left_out)])
    (line,) = left_out.read_text().splitlines()
    assert json.loads(line) == {"reason": "no place, point or profile", "post": posts[1]}


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        ('{"meta": {"result_count": 0}}', 0, "0 posts"),
        ('{"data": [{"id": "1", "text": "Sol"}]}', 0, "Nothing can be used of 1 posts"),
        (
            '{"title": "Service Unavailable", "detail": "Over capacity"}',
            1,
            "Service Unavailable: Over capacity",
        ),
        ('{"data": {"id": "1", "te', 1, "line 1"),
    ],
)
def test_import_x_leaves_the_output_as_it_is_where_there_is_nothing(
    tmp_path: Path, content: str, status: int, said: str
) -> None:
    source, out = tmp_path / "x.json", tmp_path / "tweets.json"
    source.write_text(content)
    out.write_text("as it was")
    result = run(app, ["import-x", str(source), "--out", str(out)])
    assert result.exit_code == status
    assert said in " ".join(result.output.split()), result.output
    assert out.read_text() == "as it was"


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
