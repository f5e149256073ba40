from pathlib import Path

from operations.local import logfiles


def test_a_log_that_is_too_large_moves_aside_and_its_writer_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "kafka.log"
    with path.open("ab", buffering=0) as writer:
        writer.write(b"old line\n" * 100)
        logfiles.rotate(tmp_path, max_bytes=500)
        writer.write(b"new line\n")
    assert path.read_text() == "new line\n"
    assert (tmp_path / "kafka.log.1").read_text() == "old line\n" * 100


def test_a_small_log_stays(tmp_path: Path) -> None:
    (tmp_path / "kafka.log").write_text("line\n")
    logfiles.rotate(tmp_path, max_bytes=500)
    assert [file.name for file in tmp_path.iterdir()] == ["kafka.log"]


def test_the_tail_is_the_last_lines_whatever_their_bytes(tmp_path: Path) -> None:
    path = tmp_path / "gateway.log"
    path.write_bytes(b"one\ntwo\nthr\xffee\n")
    assert logfiles.tail(path, 2) == ["two", "thr�ee"]
    assert logfiles.tail(tmp_path / "missing.log", 2) == []
