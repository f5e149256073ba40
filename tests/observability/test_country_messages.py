"""Every panel of *Country Messages*, run against a real Redis that our own code has written."""

import time
import uuid
from collections import Counter, deque
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from streams.counters import Counters
from streams.tally import Tally
from tests.observability.boards import Panel, panels
from tests.observability.redis_source import RedisSource
from tests.observability.transformations import Grafana, Table
from weather_tweets import countries, redis_keys
from weather_tweets.tweet import Tweet
from ws_writer.batch import Batch
from ws_writer.store import LiveStore

BOARD = {panel.title: panel for panel in panels("country-messages")}

PROCESSED = {"GT": 40, "AR": 25, "US": 25, "ES": 9, "CI": 1, "ZZ": 3}
ACCEPTED_ONLY = 7
NOW = int(time.time())
RATE = [(NOW - 2, 60, 50), (NOW - 1, 50, 53)]

Draw = Callable[[str], Table]


def name_of(code: str) -> str:
    return countries.by_code()[code].name


def tweets(codes: Counter[str]) -> Iterator[Tweet]:
    for number, code in enumerate(codes.elements()):
        yield Tweet(str(uuid.UUID(int=number)), f"Llueve <b>{number}</b> ☔", name_of(code), code, NOW * 1000)


@pytest.fixture
async def written(redis_url: str) -> str:
    """A Redis as it stands when two partitions were processed, and some tweets were only accepted yet."""
    counters = Counters(AsyncRedis.from_url(redis_url))
    halves = [{code: part(count) for code, count in PROCESSED.items()} for part in (_lesser, _greater)]
    await counters.publish_all(
        {
            partition: Tally(offset=count - 1, messages=count, countries=half)
            for partition, half in enumerate(halves)
            if (count := sum(half.values()))
        }
    )
    await counters.close()
    accepted = Counter(PROCESSED) + Counter(GT=ACCEPTED_ONLY)
    live = LiveStore(redis_url, recent_tweets=200)
    batch = Batch(deque(tweets(accepted)), number=1, messages=accepted.total(), countries=accepted)
    await live.publish(batch, known=0, known_countries={}, rate=RATE)
    await live.close()
    return redis_url


def _lesser(count: int) -> int:
    return count // 2


def _greater(count: int) -> int:
    return count - count // 2


@pytest.fixture
def draw(grafana: Grafana, written: str) -> Iterator[Draw]:
    """The table that a panel draws, by the panel's title."""
    source = RedisSource(written)

    def drawn(title: str) -> Table:
        return draw_panel(grafana, source, BOARD[title])

    yield drawn
    source.close()


def draw_panel(grafana: Grafana, source: RedisSource, panel: Panel) -> Table:
    """The one frame that a panel draws. Raises `AssertionError` where there is nothing to see."""
    frames = [
        frame
        for target in panel.targets
        for frame in source.frames(target, since_ms=(NOW - 900) * 1000, until_ms=(NOW + 60) * 1000)
    ]
    (table,) = grafana.transformed(frames, panel.transformations)
    assert table, f"{panel} has no columns"
    for column, values in table.items():
        assert values, f"{panel} has no rows"
        assert all(value not in ("", None) for value in values), f"{panel} is empty in {column}"
    return table


def test_the_total_is_what_was_processed(draw: Draw) -> None:
    assert draw("Messages") == {"messages": [103]}


def test_accepted_stands_beside_processed_and_what_waits(draw: Draw) -> None:
    assert draw("Accepted and processed") == {"Accepted": [110], "Processed": [103], "Waiting": [7]}


def test_the_rate_is_a_line_over_the_last_seconds(draw: Draw) -> None:
    assert draw("Tweets per second") == {
        "Time": [(NOW - 2) * 1000, (NOW - 1) * 1000],
        "Accepted": [60, 50],
        "Processed": [50, 53],
    }


@pytest.mark.parametrize("title", ["Messages by country", "Messages per Country"])
def test_every_country_is_there_by_its_spanish_name_the_largest_first(draw: Draw, title: str) -> None:
    table = draw(title)
    assert dict(zip(table["Country"], table["Messages"], strict=True)) == {
        "Guatemala": 40,
        "Argentina": 25,
        "Estados Unidos": 25,
        "España": 9,
        "Côte d’Ivoire": 1,
        "Desconocido": 3,
    }
    assert table["Messages"] == sorted(table["Messages"], reverse=True)


def test_the_map_knows_each_country_by_its_code(draw: Draw) -> None:
    table = draw("Map")
    rows = zip(table["Country"], table["Code"], table["Messages"], strict=True)
    assert set(rows) == {
        (name_of(code), code, count) for code, count in PROCESSED.items() if code != countries.UNKNOWN.code
    }


def test_the_map_looks_the_code_up_in_the_gazetteer_that_grafana_brings() -> None:
    outlines, markers = BOARD["Map"].model["options"]["layers"]
    assert outlines["config"]["src"] == "public/maps/countries.geojson"
    assert markers["location"] == {
        "mode": "lookup",
        "lookup": "Code",
        "gazetteer": "public/gazetteer/countries.json",
    }


async def test_the_top_ten_are_the_ten_largest(grafana: Grafana, redis_url: str) -> None:
    codes = sorted(code for code in countries.by_code() if code != countries.UNKNOWN.code)
    many = {code: 1000 - rank for rank, code in enumerate(codes)}
    counters = Counters(AsyncRedis.from_url(redis_url))
    await counters.publish_all({0: Tally(offset=0, messages=sum(many.values()), countries=many)})
    await counters.close()
    source = RedisSource(redis_url)
    assert draw_panel(grafana, source, BOARD["Top ten"]) == {
        "Country": [name_of(code) for code in codes[:10]],
        "Messages": list(range(1000, 990, -1)),
    }
    assert len(draw_panel(grafana, source, BOARD["Messages by country"])["Country"]) == len(codes)
    source.close()


def test_the_last_tweets_are_shown_newest_first(draw: Draw) -> None:
    table = draw("Last tweets")
    assert list(table) == ["Time", "Country", "Text"]
    assert len(table["Text"]) == 20
    assert table["Text"][0] == "Llueve <b>109</b> ☔"


@pytest.mark.parametrize("title", BOARD)
def test_a_key_under_another_name_leaves_its_panel_empty(grafana: Grafana, written: str, title: str) -> None:
    source = RedisSource(written)
    draw_panel(grafana, source, BOARD[title])
    for index, target in enumerate(BOARD[title].targets):
        renamed = Panel("country-messages", deepcopy(BOARD[title].model))
        renamed.targets[index]["keyName"] = f"{target['keyName']}:renamed"
        with pytest.raises((AssertionError, RuntimeError, ValueError)):
            draw_panel(grafana, source, renamed)
    source.close()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("12", 12.0),
        ("1e3", 1000.0),
        ("0x1p-2", 0.25),
        ("1_000", "1_000"),
        (" 1", " 1"),
        ("NA", "NA"),
        ("", ""),
    ],
)
def test_the_source_takes_numbers_as_the_plugin_does(redis_url: str, value: str, shown: Any) -> None:
    with Redis.from_url(redis_url) as client:
        client.hset(redis_keys.COUNTRIES, "x", value)
    source = RedisSource(redis_url)
    (frame,) = source.frames(BOARD["Messages by country"].targets[0], since_ms=0, until_ms=1)
    assert frame["fields"][0]["values"] == [shown]
    source.close()
