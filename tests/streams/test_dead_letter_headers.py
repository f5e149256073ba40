import pytest

from streams.dead_letter_headers import Origin, read, write


def test_the_names_are_those_of_kip_1034() -> None:
    names = [name for name, _ in write(Origin("messages", 2, 117, "no value", "ValueError"))]
    assert names == [
        f"__streams.errors.{name}" for name in ("exception", "message", "topic", "partition", "offset")
    ]


@pytest.mark.parametrize("cut", [None, 1_000_000])
def test_what_is_written_is_read_and_the_records_own_headers_are_kept(cut: int | None) -> None:
    origin = Origin("messages", 2, 117, "país: is missing", "ValueError", cut)
    own = [("source", b"elsewhere"), ("reason", b"of its own")]
    assert read([*own, *write(origin)], topic="") == (origin, own)


def test_of_a_record_that_was_a_letter_before_the_last_place_counts() -> None:
    first, second = Origin("messages", 0, 1, "a"), Origin("messages", 2, 7, "b")
    assert read([*write(first), *write(second)], topic="") == (second, [])


def test_the_names_of_the_first_version_are_read() -> None:
    old = [("own", b"1"), ("reason", b"no value"), ("partition", b"2"), ("offset", b"117"), ("bytes", b"9")]
    assert read(old, topic="messages") == (Origin("messages", 2, 117, "no value", "", 9), [("own", b"1")])


def test_without_a_place_it_is_said_that_there_is_none() -> None:
    with pytest.raises(ValueError, match="says where it was"):
        read([("reason", b"x")], topic="messages")
