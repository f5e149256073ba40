import asyncio
from collections import Counter
from pathlib import Path
from uuid import uuid4

import pytest

from bench import backlog
from bench.baselines import run as baselines
from bench.baselines.run import CONFLUENT, FAUST, QUIX, Baseline
from operations.local.kafka import Kafka
from streams.decoding import Batch, decoder
from tests.streams.cluster import read
from tests.streams.records import record_batch
from weather_tweets.kafka import ensure_topics
from weather_tweets.settings import KafkaSettings

MESSAGES = 1_000


def _decoded(count: int, codes: tuple[str, ...] = ()) -> Batch:
    return decoder()(record_batch([record.value for record in backlog.records(count, codes)]))


@pytest.fixture(scope="module")
def topic(kafka: Kafka) -> KafkaSettings:
    name = f"t{uuid4().hex[:12]}"
    settings = KafkaSettings(
        bootstrap_servers=kafka.bootstrap_servers, topic=name, dead_topic=f"{name}.dead", partitions=3
    )
    asyncio.run(ensure_topics(settings))
    return settings


@pytest.fixture(scope="module")
def filled(topic: KafkaSettings) -> Counter[str]:
    return backlog.fill(topic, MESSAGES)


def test_records_are_tweets_each_with_an_id_of_its_own() -> None:
    batch = _decoded(200)
    assert not batch.dead
    assert len({tweet.id for tweet in batch.tweets}) == 200


def test_given_countries_come_equally_often() -> None:
    by_code = Counter(tweet.code for tweet in _decoded(90, ("GT", "MX", "JP")).tweets)
    assert by_code == {"GT": 30, "MX": 30, "JP": 30}


async def test_the_topic_has_what_was_filled_in(topic: KafkaSettings, filled: Counter[str]) -> None:
    records = await read(topic, topic.topic, MESSAGES)
    values = [record.value for record in records]
    assert Counter(tweet.code for tweet in decoder()(record_batch(values)).tweets) == filled


@pytest.mark.parametrize("baseline", [CONFLUENT, QUIX, FAUST], ids=lambda baseline: baseline.module)
def test_a_baseline_counts_every_message(
    baseline: Baseline, topic: KafkaSettings, filled: Counter[str], tmp_path: Path
) -> None:
    if not baseline.available:
        pytest.skip("`make setup-bench` installs it")
    consumed = baselines.consume(
        baseline, topic, group=baseline.module, messages=MESSAGES, log_file=tmp_path / "log"
    )
    assert consumed.countries == filled


def test_a_baseline_that_ends_too_early_names_its_log(topic: KafkaSettings, tmp_path: Path) -> None:
    broken = CONFLUENT._replace(module="account", python=FAUST.python)
    with pytest.raises(baselines.BaselineFailedError, match=str(tmp_path)):
        baselines.consume(broken, topic, group="none", messages=1, log_file=tmp_path / "log")
