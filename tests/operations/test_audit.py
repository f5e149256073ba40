from typing import Any, ClassVar

import msgspec
import pytest
from pydantic import SecretStr

from operations import audit
from operations.audit import Counts, Sources, StoreUnreachableError
from operations.local.ports import free_port
from weather_tweets.settings import KafkaSettings, MongoSettings, RedisSettings

AGREEING = Counts(
    ends={0: 60, 1: 55}, uncounted={}, earlier=2, empty=7, lost=3, dead_letters=4, dead=4, repeats=3,
    tables=100, mongo=100, redis_total=100, redis_countries=100,
    redis_dead=4, redis_repeats=3, live=90, table_by_country={"Guatemala": 60, "Japón": 40},
    redis_by_country={"Guatemala": 60, "Japón": 40}, history_by_country={"Guatemala": 60, "Japón": 40},
)  # fmt: skip


def _but(**changes: Any) -> Counts:
    return msgspec.structs.replace(AGREEING, **changes)


def test_stores_agree_when_kafka_less_dead_letters_and_retries_is_in_all_of_them() -> None:
    assert AGREEING.expected == 100
    assert AGREEING.lag == 0
    assert AGREEING.agree


def test_what_is_kept_no_longer_is_no_difference() -> None:
    assert _but(mongo=70, kept_no_longer=30).agree
    assert "MongoDB has 1 fewer than Kafka: 99, not 100" in _but(mongo=69, kept_no_longer=30).differences


def test_the_live_view_promises_nothing_and_a_dead_letter_may_be_in_its_topic_twice() -> None:
    assert _but(live=0, dead_letters=9).agree


def test_a_topic_of_dead_letters_that_was_made_anew_is_told_and_no_disagreement() -> None:
    assert _but(dead_letters=3).agree
    assert _but(dead_letters=3).notes == ["the topic of dead letters has had 3 of 4: it was made anew"]
    assert AGREEING.notes == []


def test_what_is_not_counted_yet_is_expected_in_no_store() -> None:
    counts = _but(ends={0: 62, 1: 55, 3: 3}, uncounted={0: 2, 3: 3})
    assert (counts.lag, counts.expected) == (5, 100)


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        (_but(mongo=99), "MongoDB has 1 fewer than Kafka: 99, not 100"),
        (_but(history_by_country={"Guatemala": 60}), "the history has 40 fewer than Kafka: 60, not 100"),
        (
            _but(history_by_country={"Guatemala": 61, "Japón": 39}),
            "the history has 39 for Japón, the tables have 40",
        ),
        (_but(redis_total=101), "Redis `totals.messages` has 1 more than Kafka: 101, not 100"),
        (_but(redis_countries=2_100), "Redis `countries` has 2,000 more than Kafka: 2,100, not 100"),
        (_but(tables=98), "the tables have 2 fewer than Kafka: 98, not 100"),
        (_but(redis_dead=5), "Redis `totals.dead` has 1 more than the tables: 5, not 4"),
        (_but(redis_repeats=0), "Redis `totals.repeats` has 3 fewer than the tables: 0, not 3"),
        (_but(uncounted={2: 5}), "5 offsets of partition 2 are not counted yet"),
        (
            _but(uncounted={2: -5}),
            "partition 2 was counted to 5 beyond its end: was the topic made anew?",
        ),
        (_but(lost=4), "the tables have 1 more than Kafka: 100, not 99"),
        (_but(empty=6), "the tables have 1 fewer than Kafka: 100, not 101"),
        (_but(earlier=0), "MongoDB has 2 more than Kafka: 100, not 98"),
        (
            _but(redis_by_country={"Guatemala": 61, "Japón": 39}),
            "Redis `countries` has 61 for Guatemala, the tables have 60",
        ),
    ],
)
def test_a_store_that_disagrees_is_named_with_its_difference(counts: Counts, sentence: str) -> None:
    assert not counts.agree
    assert sentence in counts.differences


def test_of_many_countries_that_differ_only_some_are_named() -> None:
    counts = _but(redis_by_country={f"country {n}": 1 for n in range(98)} | AGREEING.table_by_country)
    assert counts.differences[-1] == "Redis `countries`: and so on for 93 more countries"


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[Counts | StoreUnreachableError]:
    """What the stores answer, one reading after another; the last one holds."""
    prepared: list[Counts | StoreUnreachableError] = []

    def take(_: Sources) -> Counts:
        reading = prepared.pop(0) if len(prepared) > 1 else prepared[0]
        if isinstance(reading, StoreUnreachableError):
            raise reading
        return reading

    monkeypatch.setattr(audit, "take", take)
    monkeypatch.setattr(audit, "_POLL_SECONDS", 0.001)
    monkeypatch.setattr(audit, "_SETTLE_SECONDS", 0.01)
    return prepared


_SOURCES = Sources(KafkaSettings(), RedisSettings(), MongoSettings(), [])


def test_an_audit_waits_for_workers_that_lag_and_stores_that_are_away(
    readings: list[Counts | StoreUnreachableError],
) -> None:
    readings += [
        StoreUnreachableError("Redis"),
        _but(ends={0: 110, 1: 55}, uncounted={0: 50}),
        _but(mongo=99),
        AGREEING,
    ]
    assert audit.audit(_SOURCES) == AGREEING


def test_a_disagreement_that_stays_is_told_soon_and_lag_that_stays_at_the_end_of_the_time(
    readings: list[Counts | StoreUnreachableError],
) -> None:
    readings.append(_but(redis_total=101))
    assert not audit.audit(_SOURCES).agree
    readings[:] = [_but(ends={0: 153, 1: 55}, uncounted={0: 93})]
    assert audit.audit(_SOURCES, wait_seconds=0.05).lag == 93


def _later(more: int, **changes: Any) -> Counts:
    """So many tweets later. Redis was read last and has five more, the history is written late."""
    by_country = {"Guatemala": 60 + more, "Japón": 40}
    return _but(
        **{
            "ends": {0: 60 + more, 1: 55},
            "tables": 100 + more,
            "mongo": 100 + more,
            "redis_total": 105 + more,
            "redis_countries": 105 + more,
            "table_by_country": by_country,
            "redis_by_country": by_country | {"Guatemala": 65 + more},
            "history_by_country": by_country | {"Guatemala": 55 + more},
        }
        | changes
    )


def test_while_tweets_come_no_moment_has_all_stores_at_one_count(
    readings: list[Counts | StoreUnreachableError], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "_SETTLE_SECONDS", 0.0)
    readings[:] = [_later(0), _later(10), _later(20)]
    counts = audit.audit(_SOURCES)
    assert (counts.agree, counts.moving) == (True, 20)
    assert "20 records came while the stores were read" in counts.notes[0]


def test_the_last_readings_are_not_compared_with_one_that_is_too_near(
    readings: list[Counts | StoreUnreachableError], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "_SETTLE_SECONDS", 60.0)
    readings[:] = [_later(0), _later(10), _later(20)]
    assert not audit.audit(_SOURCES, wait_seconds=0.05).agree


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"mongo": 99}, "MongoDB has 1 fewer than Kafka: 99, not 100"),
        ({"redis_total": 121}, "Redis `totals.messages` has 1 more than Kafka: 121, not 120"),
        ({"redis_dead": 3}, "Redis `totals.dead` has 1 fewer than the tables: 3, not 4"),
        ({"tables": 109}, "the tables have 1 fewer than Kafka: 109, not 110"),
        ({"uncounted": {0: 11}, "tables": 99}, "11 offsets of partition 0 are not counted yet"),
        (
            {"uncounted": {0: -11}, "tables": 121},
            "partition 0 was counted to 11 beyond its end: was the topic made anew?",
        ),
        ({"uncounted": {1: 1}, "tables": 109}, "1 offsets of partition 1 are not counted yet"),
        (
            {"redis_by_country": {"Guatemala": 80, "Japón": 41}},
            "Redis `countries` has 41 for Japón, the tables have 40",
        ),
        (
            {"history_by_country": {"Guatemala": 59, "Japón": 41}},
            "the history has 59 for Guatemala, the tables have 70",
        ),
    ],
)
def test_while_tweets_come_a_store_must_have_what_was_there_before_and_not_more_than_came(
    wrong: dict[str, Any], sentence: str
) -> None:
    bounds = audit.Meanwhile(_later(0), _later(20))
    assert _later(10, uncounted={0: 4}, tables=106, meanwhile=bounds).agree
    assert _later(10, uncounted={0: -10}, tables=120, meanwhile=bounds).agree
    beyond = audit.Meanwhile(_later(0), _later(20, uncounted={0: -60}, tables=180))
    assert _later(10, meanwhile=beyond).agree
    assert sentence in _later(10, meanwhile=bounds, **wrong).differences


def test_without_waiting_there_is_one_reading(
    readings: list[Counts | StoreUnreachableError],
) -> None:
    readings += [_but(redis_total=101), AGREEING]
    assert audit.audit(_SOURCES, wait_seconds=0).redis_total == 101
    readings[:] = [StoreUnreachableError("Redis"), AGREEING]
    with pytest.raises(StoreUnreachableError):
        audit.audit(_SOURCES, wait_seconds=0)


def test_a_store_that_stays_away_is_an_error(readings: list[Counts | StoreUnreachableError]) -> None:
    readings.append(StoreUnreachableError("MongoDB: nobody there"))
    with pytest.raises(StoreUnreachableError, match="MongoDB"):
        audit.audit(_SOURCES, wait_seconds=0.05)


def test_each_store_that_is_away_is_named(
    redis_url: str, mongo_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "STORE_SECONDS", 0.3)
    nobody = f"127.0.0.1:{free_port()}"
    redis, mongo = RedisSettings(url=SecretStr(redis_url)), MongoSettings(url=SecretStr(mongo_url))

    with pytest.raises(StoreUnreachableError, match="Kafka at"):
        audit.take(Sources(KafkaSettings(bootstrap_servers=nobody), redis, mongo, []))
    with pytest.raises(StoreUnreachableError, match="MongoDB"):
        audit._count_documents(MongoSettings(url=SecretStr(f"mongodb://{nobody}/")))
    with pytest.raises(StoreUnreachableError, match="Redis"):
        audit._redis_counts(RedisSettings(url=SecretStr(f"redis://{nobody}/0")))
    with pytest.raises(StoreUnreachableError, match=f"the stream workers: http://{nobody}/stats"):
        audit.cluster_stats([f"http://{nobody}/stats"])
    with pytest.raises(StoreUnreachableError, match="there are none"):
        audit.cluster_stats([])
    assert audit._redis_counts(redis)["redis_total"] == 0


def test_the_longer_a_look_takes_the_seldomer_it_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that counts for seconds would do little else."""

    class Clock:
        now = 0.0
        pauses: ClassVar[list[float]] = []

        def monotonic(self) -> float:
            return self.now

        def sleep(self, seconds: float) -> None:
            self.pauses.append(seconds)
            self.now += seconds

    clock = Clock()
    behind = _but(ends={0: 153, 1: 55}, uncounted={0: 93})

    def take(_: Sources) -> Counts:
        clock.now += 5.0
        return behind

    monkeypatch.setattr(audit, "time", clock)
    monkeypatch.setattr(audit, "take", take)
    assert audit.audit(_SOURCES, wait_seconds=50.0) is behind
    assert clock.pauses == [15.0, 12.5, 3.75]
