"""`rebuild tables` and `rebuild redis`: what is derived is derived again."""

import asyncio

import pytest

from operations import tallies
from streams.tally import Tally
from tests.operations.rebuild.damaged import Damaged, tweets
from tests.streams.cluster import until
from weather_tweets import redis_keys


def test_tables_that_count_wrong_are_counted_anew(damaged: Damaged) -> None:
    worker = damaged.start()
    again, *others = tweets(200)
    damaged.produce([again, *others, b"no tweet", again])
    right = damaged.wait_settled(worker)
    assert "All stores agree" in damaged.cli("audit", "--deep")
    refused = damaged.cli("rebuild", "tables", "--yes", status=1)
    assert "1 stream workers" in refused
    assert "stop them first" in refused
    assert "say so with --yes" in damaged.cli("rebuild", "tables", status=1)
    assert damaged.wait_settled(worker) == right

    worker.terminate()
    wrong = Tally(offset=5, messages=6, countries={"MX": 6}, epoch=3)
    asyncio.run(tallies.replace(damaged.settings, {0: wrong}, damaged.changelog))
    damaged.redis.hset(redis_keys.tally(1), mapping={"position": "7 99 0", "country:México": 9})
    rebuilding = damaged.begin("rebuild", "tables", "--yes")
    until(lambda: not damaged.redis.exists(redis_keys.tally(1)), "Redis is empty")
    worker = damaged.start(WEATHER_STREAMS_PORT=str(worker.port))
    said, _ = rebuilding.communicate(timeout=280)
    assert rebuilding.returncode == 0, said
    assert "Start the workers now" in said
    assert "All stores agree" in said
    counted = damaged.wait_settled(worker)
    assert {k: counted[k] for k in ("messages", "dead", "repeats", "countries")} == {
        k: right[k] for k in ("messages", "dead", "repeats", "countries")
    }


@pytest.mark.long
def test_what_only_mongodb_has_is_counted_from_there(damaged: Damaged) -> None:
    """As after a restore into a system whose Kafka is new: no record of it ever comes."""
    worker = damaged.start()
    damaged.wait_settled(worker)
    damaged.tweets.insert_many(
        {"_id": f"old-{n}", "code": "MX", "partition": n % 3, "offset": n, "life": 77} for n in range(30)
    )
    worker.terminate()
    rebuilding = damaged.begin("rebuild", "tables", "--yes")
    output = rebuilding.stdout
    assert output
    until(lambda: "Start the workers now" in output.readline(), "the tables are empty")
    damaged.start(WEATHER_STREAMS_PORT=str(worker.port))
    said, _ = rebuilding.communicate(timeout=280)
    assert rebuilding.returncode == 0, said
    assert "All stores agree: 30 messages" in said


def test_redis_is_published_anew_also_where_it_is_ahead(damaged: Damaged) -> None:
    worker = damaged.start()
    damaged.produce(tweets(30))
    damaged.wait_settled(worker)
    damaged.cli("audit")
    damaged.redis.hset(redis_keys.tally(1), mapping={"position": "7 99 0", "country:México": 9})
    damaged.redis.hset(redis_keys.LIVE_TOTALS, "messages", 4)
    assert "All stores agree" in damaged.cli("rebuild", "redis", "--yes")
    assert damaged.redis.hget(redis_keys.LIVE_TOTALS, "messages") == "4"
