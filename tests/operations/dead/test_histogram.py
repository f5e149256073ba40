from operations.dead.histogram import EXAMPLES, histogram
from operations.dead.letters import Letter
from operations.dead.selection import Selection
from streams.dead_letter_headers import Origin


def _letter(offset: int, reason: str, value: bytes = b"{}") -> Letter:
    return Letter(Origin("messages", 2, offset, reason), None, value, [], timestamp=1000 + offset)


def test_reasons_that_differ_in_figures_only_are_one_kind_and_the_most_frequent_comes_first() -> None:
    letters = [
        _letter(1, "país: is missing"),
        *(_letter(n, f"texto: must have at most 4,096 characters, not {4096 + n:,}") for n in range(2, 7)),
        _letter(9, "texto: must not contain the control character U+0007"),
        _letter(10, "texto: must not contain the control character U+001B"),
    ]
    long, control, missing = histogram(letters)
    assert (long.letters, long.first, long.last) == (5, 1002, 1006)
    assert long.examples == letters[1 : 1 + EXAMPLES]
    assert control.letters == 2
    assert missing.reason == "país: is missing"


def test_letters_are_chosen_by_every_condition_at_once() -> None:
    letter = _letter(7, "país: is missing")
    assert Selection().takes(letter)
    assert Selection(ids=("2-7",), reason="PAÍS", since=1007, until=1008, partition=2).takes(letter)
    for other in (
        Selection(ids=("2-70",)), Selection(reason="texto"), Selection(since=1008), Selection(until=1007),
        Selection(partition=1),
    ):  # fmt: skip
        assert not other.takes(letter)


def test_a_letter_is_named_by_place_and_content() -> None:
    one, other = _letter(7, "a", b"1"), _letter(7, "a", b"2")
    assert one.id.startswith("2-7-")
    assert one.id != other.id
    assert Selection(ids=("2-7", one.id, "2-8")).ids_of(one) == {"2-7", one.id}
    assert Selection(ids=(one.id,)).ids_of(other) == set()
