import pytest

from loadgen.share import Share


def test_numbers_are_handed_out_one_by_one_in_order() -> None:
    share = Share(lambda _: None, lease=10)
    share.grant([(3, 5), (9, 10)])
    assert (len(share), share.head) == (3, 3)
    assert [share.take() for _ in range(4)] == [3, 4, 9, None]
    assert (len(share), share.head) == (0, None)


def test_more_is_asked_for_before_it_runs_dry_and_only_once_until_answered() -> None:
    asked: list[int] = []
    share = Share(asked.append, lease=4)
    share.take()
    share.take()
    assert asked == [4]
    share.grant([(0, 4)])
    assert share.take() == 0
    assert asked == [4]
    share.take()
    share.take()
    assert asked == [4, 4]


def test_an_empty_answer_is_not_followed_by_a_question_until_it_is_time() -> None:
    asked: list[int] = []
    share = Share(asked.append, lease=4)
    share.take()
    share.grant([])
    share.take()
    assert len(asked) == 1
    share.retry()
    share.take()
    assert len(asked) == 2


def test_a_number_that_comes_back_is_the_next() -> None:
    share = Share(lambda _: None, lease=4)
    share.grant([(0, 3)])
    first = share.take()
    assert first == 0
    share.put_back(first)
    assert [share.take() for _ in range(4)] == [0, 1, 2, None]


def test_who_waits_is_told_when_there_is_something() -> None:
    share = Share(lambda _: None, lease=4)
    share.wait(0)
    share.grant([(0, 1)])
    share.wait(60)
    assert share.take() == 0


def test_what_is_given_up_is_no_longer_there() -> None:
    share = Share(lambda _: None, lease=4)
    share.grant([(0, 3)])
    share.take()
    assert share.give_up() == [(1, 3)]
    assert share.take() is None


def test_a_lease_has_a_size() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Share(lambda _: None, lease=0)
