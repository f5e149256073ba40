"""Which record with an id was the message: the times say it, the sums are right in any case."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from operations.rebuild.settling import Candidate, settle


def _at(partition: int, time_ms: int, code: str = "GT", offset: int = 0) -> Candidate:
    return Candidate(partition, offset, code, time_ms)


def test_the_earliest_was_first_where_the_sums_allow_it() -> None:
    contested = [[_at(0, 5), _at(1, 3)], [_at(0, 1), _at(1, 2)]]
    assert settle(contested, {(0, "GT"): 1, (1, "GT"): 1}) == [_at(1, 3), _at(0, 1)]


def test_the_sums_overrule_the_times() -> None:
    contested = [[_at(0, 1), _at(1, 2)]]
    assert settle(contested, {(1, "GT"): 1}) == [_at(1, 2)]


def test_what_cannot_change_directly_changes_by_way_of_a_third_partition() -> None:
    contested = [[_at(0, 1), _at(1, 2)], [_at(1, 1), _at(2, 2)]]
    chosen = settle(contested, {(1, "GT"): 1, (2, "GT"): 1})
    assert Counter(c.partition for c in chosen) == {1: 1, 2: 1}


def test_a_country_is_counted_for_itself() -> None:
    contested = [[_at(0, 1, "GT"), _at(1, 2, "MX")], [_at(0, 1, "MX"), _at(1, 2, "GT")]]
    chosen = settle(contested, {(1, "MX"): 1, (0, "MX"): 1})
    assert {c.bucket for c in chosen} == {(1, "MX"), (0, "MX")}


def test_sums_that_nobody_can_meet_are_met_as_far_as_possible() -> None:
    assert settle([[_at(0, 1), _at(1, 2)]], {}) == [_at(0, 1)]


@given(
    st.lists(
        st.dictionaries(st.integers(0, 4), st.tuples(st.sampled_from("ab"), st.integers(0, 9)), min_size=2),
        max_size=40,
    ),
    st.randoms(use_true_random=False),
)
def test_whoever_was_first_the_sums_are_met(
    ids: "list[dict[int, tuple[str, int]]]", random: "object"
) -> None:
    contested = [
        [Candidate(p, number, code, time) for p, (code, time) in sorted(places.items())]
        for number, places in enumerate(ids)
    ]
    truth = [random.choice(candidates) for candidates in contested]  # type: ignore[attr-defined]
    needed = Counter(candidate.bucket for candidate in truth)
    chosen = settle(contested, needed)
    assert Counter(candidate.bucket for candidate in chosen) == needed
    assert all(candidate in each for candidate, each in zip(chosen, contested, strict=True))
