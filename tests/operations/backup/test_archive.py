"""A file is a whole backup, or what is wrong with it is said."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import bson
import pytest

from operations.backup import archive
from operations.backup.archive import BackupError
from operations.backup.manifest import FORMAT, Manifest

_MANIFEST = Manifest(FORMAT, "1", "2026-01-01", "messages", "id", {"0": 4}, 40_000, {})


def _batches(count: int) -> list[bytes]:
    return [bson.encode({"_id": str(n), "text": "Llueve " * 30}) for n in range(count)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "backup.tar.gz"
    archive.write(path, _batches(40_000), _MANIFEST)
    return path


def test_what_was_written_is_read_in_parts(path: Path) -> None:
    manifest = archive.verify(path)
    assert manifest.documents == 40_000
    assert len(manifest.parts) > 1
    assert b"".join(archive.parts(path)) == b"".join(_batches(40_000))
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_what_else_there_is_is_in_folders_of_its_own(tmp_path: Path) -> None:
    others = {"retention": _batches(2), "history": _batches(30_000)}
    manifest = archive.write(tmp_path / "backup", _batches(5), _MANIFEST, others.items())
    assert manifest.documents == 5
    assert archive.verify(tmp_path / "backup") == manifest
    assert b"".join(archive.parts(tmp_path / "backup")) == b"".join(_batches(5))
    for folder, batches in others.items():
        assert b"".join(archive.parts(tmp_path / "backup", folder)) == b"".join(batches)


def test_an_empty_store_has_a_backup_too(tmp_path: Path) -> None:
    archive.write(tmp_path / "empty", [], _MANIFEST)
    assert archive.verify(tmp_path / "empty").documents == 0


def test_a_file_is_never_overwritten(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(FileExistsError, match="take another name"):
        archive.write(path, [], _MANIFEST)
    assert path.read_bytes() == before


def test_a_backup_that_fails_leaves_nothing(tmp_path: Path) -> None:
    for error in (KeyboardInterrupt, OSError):
        with pytest.raises(error):
            archive.write(tmp_path / "backup", _failing(error), _MANIFEST)
    assert not list(tmp_path.iterdir())


def _failing(error: type[BaseException]) -> Iterator[bytes]:
    yield _batches(1)[0]
    raise error


@pytest.mark.parametrize("kept", [0.0, 0.1, 0.5, 0.999])
def test_a_truncated_file_is_refused(path: Path, kept: float) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(BackupError, match="cut off, or is no backup"):
        archive.verify(path)


def test_a_file_without_its_last_byte_is_refused(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(BackupError):
        archive.verify(path)


def test_a_changed_byte_is_found_wherever_it_is(path: Path) -> None:
    content = path.read_bytes()
    for at in range(20, len(content), len(content) // 9):
        path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        with pytest.raises(BackupError):
            archive.verify(path)


def test_a_part_that_somebody_changed_is_named(path: Path) -> None:
    inside = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(inside.replace(b"Llueve", b"Llovia", 1)))
    with pytest.raises(BackupError, match=r"its part tweets/000000\.bson"):
        archive.verify(path)


def test_a_backup_of_a_later_version_is_refused(tmp_path: Path) -> None:
    later = Manifest(FORMAT + 1, "9", "2036-01-01", "messages", "", {}, 0, {})
    archive.write(tmp_path / "later", [], later)
    with pytest.raises(BackupError, match="later version"):
        archive.verify(tmp_path / "later")


def test_any_other_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no backup")
    with pytest.raises(BackupError, match="no backup of Weather Tweets"):
        archive.verify(tmp_path / "text")
