import pytest

from operations.chaos import faults
from operations.chaos.repertoire import REPERTOIRE, NotDrawnError, choose
from operations.local import clock


def test_without_a_choice_all_that_the_stack_can_have_is_drawn() -> None:
    plain = {entry.family for entry in choose([], brokers=1, proxied=False)}
    clocks = {"clocks"} if clock.library() else set()
    assert plain == {"processes", "topic", "redis", "transactions"} | clocks
    everything = [entry for entry in REPERTOIRE if entry.family != "clocks" or clocks]
    assert choose([], brokers=3, proxied=True) == everything


def test_kinds_and_families_are_chosen_by_name() -> None:
    chosen = choose(["grow", "transactions"], brokers=1, proxied=False)
    assert {entry.kind for entry in chosen} == {"grow", "commit", "abort"}


@pytest.mark.parametrize(
    ("name", "remedy"), [("silence", "--proxied"), ("freeze", "--brokers 3"), ("gravity", "--list-faults")]
)
def test_what_cannot_be_drawn_says_what_to_do(name: str, remedy: str) -> None:
    with pytest.raises(NotDrawnError, match=remedy):
        choose([name], brokers=1, proxied=False)


def test_each_kind_is_of_one_family_and_has_somebody_who_does_it() -> None:
    by_kind = {(entry.kind, entry.family) for entry in REPERTOIRE}
    assert len(by_kind) == len({kind for kind, _ in by_kind})
    assert {family for _, family in by_kind} == set(faults._STRIKE)
