import json
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import median

import pytest

from loadgen import dataset, generator, grammar
from loadgen.generator import GeneratedTweet
from loadgen.reality import volume
from weather_tweets.tweet import from_submission

TWEETS = 12_000


@pytest.fixture(scope="module")
def tweets() -> list[GeneratedTweet]:
    return list(generator.generate(TWEETS, seed=1))


def test_the_same_seed_gives_the_same_file_and_another_another(tmp_path: Path) -> None:
    first, again, other = (tmp_path / name for name in ("first", "again", "other"))
    dataset.write(first, generator.generate(400, seed=5))
    dataset.write(again, generator.generate(400, seed=5))
    dataset.write(other, generator.generate(400, seed=6))
    assert first.read_bytes() == again.read_bytes() != other.read_bytes()
    keys = {"texto", "país", "codigo", "idioma", "hora", "clima", "grados"}
    assert {frozenset(tweet) for tweet in json.loads(first.read_text("utf-8"))} == {frozenset(keys)}


def test_texts_are_different_and_come_from_most_of_the_world(tweets: list[GeneratedTweet]) -> None:
    assert len(tweets) == TWEETS
    assert len({tweet.text for tweet in tweets}) == TWEETS
    assert len({tweet.codigo for tweet in tweets}) >= 140
    assert {tweet.idioma for tweet in tweets} == set(grammar.LANGUAGES)


def test_the_gateway_would_take_every_tweet_as_it_is(tweets: list[GeneratedTweet]) -> None:
    for tweet in tweets:
        taken = from_submission({"texto": tweet.text, "país": tweet.country}, at=0, new_id="")
        assert (taken.text, taken.code) == (tweet.text, tweet.codigo)


def test_times_are_in_order_and_within_the_days_asked_for() -> None:
    made = list(generator.generate(300, seed=2, start=date(2026, 1, 30), days=3))
    times = [datetime.fromisoformat(tweet.hora) for tweet in made]
    assert times == sorted(times)
    assert times[0] >= datetime(2026, 1, 30, tzinfo=UTC)
    assert times[-1] < datetime(2026, 2, 2, tzinfo=UTC)


def test_countries_post_as_much_as_they_have_users(tweets: list[GeneratedTweet]) -> None:
    users = volume.users()
    counted = Counter(tweet.codigo for tweet in tweets)
    world = sum(users.values())
    for code in sorted(users, key=users.__getitem__)[-20:]:
        assert counted[code] / TWEETS == pytest.approx(users[code] / world, rel=0.25), code


def test_lengths_are_those_of_tweets(tweets: list[GeneratedTweet]) -> None:
    lengths = [len(tweet.text) for tweet in tweets if tweet.idioma in ("es", "en", "pt", "fr", "de", "it")]
    assert 50 <= median(lengths) <= 74
    assert max(lengths) > 120
