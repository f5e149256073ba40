"""Whether more requests are to be expected."""

from gateway.crowd import WINDOW_SECONDS, Crowd


def test_who_is_alone_is_all_there_is() -> None:
    crowd = Crowd()
    for moment in (0.0, 0.01, 5.0):
        crowd.enter(moment)
        assert crowd.is_here(moment)
        crowd.leave()


def test_clients_that_wait_for_their_answer_are_here_when_the_last_is_back() -> None:
    crowd = Crowd()
    for _ in range(3):
        crowd.enter(0.0)
    for _ in range(3):
        crowd.leave()
    crowd.enter(0.01)
    crowd.enter(0.01)
    assert not crowd.is_here(0.01)
    crowd.enter(0.01)
    assert crowd.is_here(0.01)


def test_a_client_that_stays_away_is_soon_not_waited_for() -> None:
    crowd = Crowd()
    for _ in range(3):
        crowd.enter(0.0)
    crowd.leave()
    assert not crowd.is_here(WINDOW_SECONDS)
    assert crowd.is_here(2 * WINDOW_SECONDS)


def test_after_a_silence_nobody_is_waited_for() -> None:
    crowd = Crowd()
    for _ in range(3):
        crowd.enter(0.0)
    for _ in range(3):
        crowd.leave()
    crowd.enter(60.0)
    assert crowd.is_here(60.0)
