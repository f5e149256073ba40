import tempfile
from pathlib import Path

import pytest

from loadgen import dataset


def test_a_file_is_read_with_more_keys_or_without(tmp_path: Path) -> None:
    path = tmp_path / "tweets.json"
    path.write_text(
        '[{"texto": "Su lluvia", "país": "Argentina"}, {"país": "Guatemala", "texto": "Llueve", "hora": '
        '"2026-06-01T00:00:00Z", "idioma": "es", "likes": 3}]'
    )
    assert [(entry.text, entry.country, entry.at) for entry in dataset.read(path)] == [
        ("Su lluvia", "Argentina", None),
        ("Llueve", "Guatemala", "2026-06-01T00:00:00Z"),
    ]


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "tweets.json"
    assert dataset.write(path, ({"texto": str(n), "país": "Perú"} for n in range(3))) == 3
    before = path.read_bytes()
    assert len(dataset.read(path)) == 3

    def failing() -> object:
        yield {"texto": "a", "país": "Perú"}
        raise RuntimeError

    with pytest.raises(RuntimeError):
        dataset.write(path, failing())
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["tweets.json"]


def test_the_default_file_is_generated_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(dataset, "DEFAULT_TWEETS", 30)
    path = dataset.ensure_default()
    written = path.stat().st_mtime_ns
    assert len(dataset.read(path)) == 30
    assert dataset.ensure_default().stat().st_mtime_ns == written


def test_where_nothing_may_be_written_the_default_file_is_a_temporary_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A folder cannot be made below a file, whoever asks.
    (tmp_path / ".weather-tweets").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(dataset, "DEFAULT_TWEETS", 30)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    path = dataset.ensure_default()
    assert path.parent == tmp_path / "weather-tweets"
    assert len(dataset.read(path)) == 30
