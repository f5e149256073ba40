"""The state that viewers are told of, without a network."""

from hypothesis import given
from hypothesis import strategies as st

from tests.ws_writer.clients import tweet
from ws_writer.processed import HOLD_SECONDS, Processed
from ws_writer.rate import Rate
from ws_writer.view import RECENT_IN_DELTA, LiveView

Steps = list[tuple[str, int]]
_steps: st.SearchStrategy[Steps] = st.lists(
    st.tuples(st.sampled_from(["GT", "MX", "JP", "advance", "join"]), st.integers(1, 40)), max_size=40
)


@given(_steps)
def test_a_viewer_that_joins_at_any_time_ends_with_the_same_counts_and_no_tweet_twice(steps: Steps) -> None:
    view = LiveView()
    counts: dict[str, int] = {}
    viewers: list[tuple[dict[str, int], list[str]]] = []

    def advance() -> None:
        delta = view.advance(1, sum(counts.values()), 0, counts)
        for seen, ids in viewers:
            if delta:
                seen.update(delta.countries)
                ids.extend(each.id for each in reversed(delta.recent))

    for step, number in steps:
        if step == "advance":
            advance()
        elif step == "join":
            snapshot = view.snapshot(1, [])
            viewers.append((dict(snapshot.countries), [each.id for each in reversed(snapshot.recent)]))
        else:
            counts[step] = counts.get(step, 0) + number
            view.arrive([tweet(step) for _ in range(number)])
    advance()
    for seen, ids in viewers:
        assert seen == counts
        assert len(ids) == len(set(ids))


def test_nothing_is_said_when_nothing_changed() -> None:
    view = LiveView()
    assert view.advance(1, 0, 0, {}) is None
    assert view.advance(1, 1, 0, {"GT": 1}) is not None
    assert view.advance(1, 1, 0, {"GT": 1}) is None
    assert view.advance(1, 1, 1, {"GT": 1}) is not None


def test_of_many_tweets_the_newest_are_shown_newest_first() -> None:
    view = LiveView()
    tweets = [tweet(text=str(n)) for n in range(100)]
    view.arrive(tweets)
    delta = view.advance(1, 100, 0, {"GT": 100})
    assert delta is not None
    assert [each.text for each in delta.recent] == [str(n) for n in range(99, 99 - RECENT_IN_DELTA, -1)]


def test_history_comes_after_what_has_just_arrived() -> None:
    view = LiveView()
    view.arrive([tweet(text="new")])
    view.advance(1, 1, 0, {"GT": 1})
    view.remember([tweet(text="old"), tweet(text="older")])
    assert [each.text for each in view.snapshot(1, []).recent] == ["new", "old", "older"]


def test_a_processed_count_goes_back_only_when_it_stays_lower() -> None:
    processed = Processed()
    processed.observe(100, {}, now=0)
    processed.observe(0, {}, now=1)
    assert processed.messages == 100
    processed.observe(101, {}, now=2)
    processed.observe(50, {}, now=3)
    processed.observe(60, {}, now=3 + HOLD_SECONDS - 1)
    assert processed.messages == 101
    processed.observe(70, {}, now=3 + HOLD_SECONDS)
    assert processed.messages == 70


def test_a_rate_goes_on_from_what_redis_remembers() -> None:
    rate = Rate(seconds=4)
    assert rate.tick(10, accepted=3, processed=0) == (10, 3, 0)
    rate.restart(1000, 900, [(8, 1, 1), (9, 2, 2)])
    assert rate.tick(11, accepted=1005, processed=890) == (11, 5, 0)
    assert list(rate.entries) == [(8, 1, 1), (9, 2, 2), (10, 3, 0), (11, 5, 0)]
