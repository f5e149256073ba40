"""Stored tweets as a file."""

import csv
import json
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet  # type: ignore[import-untyped]
import pytest
from pydantic import SecretStr
from pymongo import MongoClient
from typer.testing import CliRunner

from operations.cli import app
from operations.export import source
from operations.export.formats import MissingLibraryError
from operations.export.run import export
from operations.export.source import Piece, Selection
from weather_tweets.settings import MongoSettings

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

Document = dict[str, Any]


def tweet(number: int, at: datetime, text: str = "Llueve", code: str = "GT") -> Document:
    return {
        "_id": f"{number:08}", "text": text, "country": "Guatemala", "code": code, "accepted_at": at,
        "kinds": ["rain", "wind"],
    }  # fmt: skip


PIECES = [Piece([tweet(1, NOON), tweet(2, NOON, "=1+1")], NOON + HOUR), Piece([], NOON + 2 * HOUR)]


@pytest.fixture
def database(mongo_url: str) -> Iterator[MongoSettings]:
    name = f"export-{uuid.uuid4().hex[:8]}"
    yield MongoSettings(url=SecretStr(mongo_url), database=name)
    with MongoClient[Document](mongo_url) as client:
        client.drop_database(name)


def filled(settings: MongoSettings, documents: list[Document]) -> None:
    with MongoClient[Document](settings.url.get_secret_value()) as client:
        tweets = client[settings.database][settings.collection]
        tweets.create_index([("accepted_at", -1), ("_id", -1)])
        tweets.insert_many(documents)


def test_every_tweet_of_the_time_is_read_once_and_in_order(database: MongoSettings) -> None:
    # Many in one millisecond, many in a second, and hours of silence.
    times = [NOON] * 12_000 + [NOON + HOUR + timedelta(milliseconds=n // 20) for n in range(12_000)]
    times += [NOON + timedelta(days=40), NOON + timedelta(days=41)]
    filled(database, [tweet(number, at) for number, at in enumerate(times)] + [tweet(99_999, NOON - HOUR)])
    pieces = list(source.read(database, Selection(NOON, NOON + timedelta(days=41))))
    ids = [each["_id"] for piece in pieces for each in piece.tweets]
    assert ids == [f"{number:08}" for number in range(24_001)]
    assert pieces[-1].end == NOON + timedelta(days=41)
    assert max(len(piece.tweets) for piece in pieces if piece.tweets[:1] != pieces[0].tweets[:1]) <= 10_000


def test_json_lines_say_it_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "tweets.ndjson"
    assert export(PIECES, path, "ndjson") == 2
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert lines[1] == {
        "id": "00000002", "text": "=1+1", "country": "Guatemala", "code": "GT",
        "at": "2026-11-25T12:00:00.000Z", "kinds": ["rain", "wind"],
    }  # fmt: skip
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-5 grados", "@SUM(A1)", "\t=1", "＝1"])
def test_a_spreadsheet_finds_no_formula(text: str, tmp_path: Path) -> None:
    path = tmp_path / "tweets.csv"
    several = f'{text}, "hoy"\nllueve'
    export([Piece([tweet(1, NOON, several), tweet(2, NOON, "Lluvia = agua")], NOON)], path, "csv")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["text"] for row in rows] == [f"'{several}", "Lluvia = agua"]
    assert rows[0]["kinds"] == "rain wind"


def test_parquet_has_types(tmp_path: Path) -> None:
    path = tmp_path / "tweets.parquet"
    export(PIECES, path, "parquet")
    table = pyarrow.parquet.read_table(path)
    assert table.to_pylist()[1] == {
        "id": "00000002", "text": "=1+1", "country": "Guatemala", "code": "GT", "at": NOON,
        "kinds": ["rain", "wind"],
    }  # fmt: skip


def test_without_the_library_it_is_said_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingLibraryError, match=r"weather-tweets\[parquet\]"):
        export(PIECES, tmp_path / "tweets.parquet", "parquet")
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_stays_unless_it_is_to_be_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "tweets.ndjson"
    path.write_text("mine")
    with pytest.raises(FileExistsError):
        export(PIECES, path, "ndjson")

    def made_meanwhile() -> Iterator[Piece]:
        other.write_text("mine")
        yield from PIECES

    other = tmp_path / "other.ndjson"
    with pytest.raises(FileExistsError):
        export(made_meanwhile(), other, "ndjson")
    assert path.read_text() == other.read_text() == "mine"
    export(PIECES, path, "ndjson", force=True)
    assert len(path.read_text().splitlines()) == 2


def test_nothing_is_left_of_a_file_that_could_not_be_completed(tmp_path: Path) -> None:
    def broken() -> Iterator[Piece]:
        yield from PIECES
        raise ConnectionError

    with pytest.raises(ConnectionError):
        export(broken(), tmp_path / "tweets.csv", "csv")
    assert list(tmp_path.iterdir()) == []


def test_the_command_writes_what_the_environment_names(
    database: MongoSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEATHER_MONGO_URL", database.url.get_secret_value())
    monkeypatch.setenv("WEATHER_MONGO_DATABASE", database.database)
    filled(database, [tweet(1, NOON), tweet(2, NOON, code="FR"), tweet(3, NOON + HOUR)])
    path = tmp_path / "tweets.csv"
    ask = [
        "--data-dir",
        str(tmp_path / "none"),
        "export",
        str(path),
        "--from",
        "2026-11-25T11:00",
        "--format",
        "csv",
    ]
    done = CliRunner().invoke(
        app, [*ask, "--to", "2026-11-25T13:00", "--country", "Guatemala", "--kind", "rain"]
    )
    assert done.exit_code == 0, done.output
    assert "1 tweets" in done.output
    again = CliRunner().invoke(app, ask)
    assert (again.exit_code, "--force" in again.output) == (1, True)
    for wrong in (
        ["--from", "1h", "--to", "2h"],
        ["--country", "Atlantis"],
        ["--kind", "drizzle"],
        ["--from", "x"],
    ):
        assert CliRunner().invoke(app, [*ask, "--force", *wrong]).exit_code == 2
