from collections import Counter

from streams.last_minute import LastMinute
from weather_tweets.tweet import Tweet

NOW = 1_800_000_000.0


def _at(seconds_ago: float, code: str = "GT") -> Tweet:
    return Tweet("id", "Llueve", "Guatemala", code, int((NOW - seconds_ago) * 1000))


def _add(window: LastMinute, *tweets: Tweet, now: float = NOW) -> None:
    window.add(tweets, [tweet.at for tweet in tweets], Counter(tweet.code for tweet in tweets), now)


def test_tweets_of_the_last_minute_are_counted_by_country() -> None:
    window = LastMinute()
    _add(window, _at(2), _at(1, "MX"), _at(1))
    assert window.counts(NOW) == {"GT": 2, "MX": 1}


def test_a_minute_later_they_are_forgotten() -> None:
    window = LastMinute()
    _add(window, _at(30))
    _add(window, _at(0, "MX"))
    assert window.counts(NOW + 40) == {"MX": 1}
    assert window.counts(NOW + 70) == {}


def test_a_backlog_that_is_caught_up_is_no_storm() -> None:
    window = LastMinute()
    _add(window, _at(4000), _at(3900), _at(3800))
    _add(window, _at(3700), _at(10))
    assert window.counts(NOW) == {"GT": 1}


def test_a_clock_that_is_far_ahead_does_not_count() -> None:
    window = LastMinute()
    _add(window, _at(-3600))
    _add(window, _at(-3600), _at(-7200))
    assert window.counts(NOW) == {}
    assert window.counts(NOW + 3600) == {}


def test_the_clock_of_who_accepted_a_tweet_does_not_matter() -> None:
    window = LastMinute()
    window.add([_at(3600), _at(-3600)], [int(NOW * 1000) - 2000] * 2, Counter(GT=2), NOW)
    assert window.counts(NOW) == {"GT": 2}
