import stat
from pathlib import Path

from operations.local.folder import Folder, write_json


def test_the_writer_token_is_random_kept_and_for_its_owner_only(tmp_path: Path) -> None:
    one, other = Folder(tmp_path / "one"), Folder(tmp_path / "other")
    one.make()
    other.make()
    token = one.writer_token()
    assert len(token) > 40
    assert one.writer_token() == token
    assert other.writer_token() != token
    assert stat.S_IMODE((one.path / "writer-token").stat().st_mode) == 0o600
    assert stat.S_IMODE(one.path.stat().st_mode) == 0o700


def test_ports_are_kept_and_a_broken_file_counts_as_none(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    assert folder.ports() == {}
    folder.keep_ports({"gateway": 8001})
    assert folder.ports() == {"gateway": 8001}
    (tmp_path / "ports.json").write_text("{")
    assert folder.ports() == {}


def test_only_one_can_hold_the_lock(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    assert not folder.is_locked()
    held = folder.try_to_lock()
    assert held is not None
    assert folder.is_locked()
    assert folder.try_to_lock(patience_seconds=0.05) is None
    held.close()
    assert not folder.is_locked()


def test_json_is_replaced_in_one_step(tmp_path: Path) -> None:
    path = tmp_path / "endpoints.json"
    write_json(path, {"país": 1})
    with path.open() as reader:
        write_json(path, {"país": 2})
        assert reader.read() == '{\n  "país": 1\n}\n'
    assert [file.name for file in tmp_path.iterdir()] == ["endpoints.json"]


def test_purging_removes_everything_and_may_be_repeated(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "stack")
    folder.make()
    folder.log("kafka").write_text("a line")
    folder.purge()
    folder.purge()
    assert not folder.path.exists()
