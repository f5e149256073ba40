"""What is asked of a gateway, answered from a real database."""

import asyncio
import gzip
import json
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from pydantic import SecretStr
from pymongo import MongoClient

from operations.local.mongo import Mongo
from tests.gateway.doors import Door, opened
from weather_tweets.settings import MongoSettings

NOW = datetime.now(UTC).replace(microsecond=0)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)

Document = dict[str, Any]


def tweet(text: str, at: datetime, code: str = "GT", kinds: tuple[str, ...] = (), id_: str = "") -> Document:
    return {
        "_id": id_ or str(uuid.uuid4()), "text": text, "country": code, "code": code, "accepted_at": at,
        "stored_at": at, "partition": 0, "offset": 0, "life": 1, "kinds": list(kinds), "lexicon": "1",
    }  # fmt: skip


def counted(partition: int, step: str, at: datetime, **countries: Document) -> Document:
    return {
        "_id": f"{partition}/{step}/{at.isoformat()}", "partition": partition, "step": step, "at": at,
        "countries": countries,
    }  # fmt: skip


class Asked:
    """A gateway and the database that it reads."""

    def __init__(self, door: Door, client: "MongoClient[Document]", name: str) -> None:
        self.door = door
        self.tweets = client[name]["tweets"]
        self.history = client[name]["history"]
        # As the workers make them.
        newest_first = [("accepted_at", -1), ("_id", -1)]
        for first in ([], [("code", 1)], [("kinds", 1)]):
            self.tweets.create_index([*first, *newest_first])
        self.history.create_index([("step", 1), ("at", 1)])

    async def get(self, address: str) -> Any:
        answer = await self.door.get(address)
        assert answer.status == 200, answer.body
        assert answer.headers["Cache-Control"] == "max-age=1"
        return answer.json()

    async def refused(self, address: str) -> tuple[int, Any]:
        answer = await self.door.get(address)
        return answer.status, answer.problem()

    async def texts(self, address: str) -> list[str]:
        """Of all pages, one after the other."""
        texts: list[str] = []
        mark, before = "&" if "?" in address else "?", ""
        while True:
            page = await self.get(f"{address}{before}")
            texts += [each["text"] for each in page["tweets"]]
            if page["next"] is None:
                return texts
            before = f"{mark}before={page['next']}"


@pytest_asyncio.fixture
async def asked(mongo_url: str) -> AsyncIterator[Asked]:
    name = f"asked-{uuid.uuid4().hex[:8]}"
    with MongoClient[Document](mongo_url) as client:
        async with opened(
            producer_target="127.0.0.1:1", mongo=MongoSettings(url=SecretStr(mongo_url), database=name)
        ) as door:
            yield Asked(door, client, name)
        client.drop_database(name)


async def test_the_newest_tweets_come_first_and_every_one_once(asked: Asked) -> None:
    # Many at the same time, as an array has them, and some from long ago.
    times = [NOW - timedelta(seconds=number // 7) for number in range(60)]
    times += [NOW - timedelta(days=number) for number in (1, 3, 40, 500)]
    asked.tweets.insert_many([tweet(str(number), at) for number, at in enumerate(times)])
    everything = asked.tweets.find().sort([("accepted_at", -1), ("_id", -1)])
    wanted = [each["text"] for each in everything]
    for limit in (1, 7, 50, 64, 200):
        if limit > 1:
            assert await asked.texts(f"/tweets?limit={limit}") == wanted
    assert len((await asked.get("/tweets"))["tweets"]) == 50


async def test_a_tweet_is_shown_with_what_is_known_of_it(asked: Asked) -> None:
    at = NOW.replace(microsecond=120_000)
    asked.tweets.insert_one(tweet("Llueve", at, kinds=("rain",), id_="a"))
    (shown,) = (await asked.get("/tweets"))["tweets"]
    text = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert shown == {
        "id": "a", "text": "Llueve", "country": "GT", "code": "GT", "at": text, "kinds": ["rain"],
    }  # fmt: skip


async def test_tweets_of_a_country_and_of_a_kind(asked: Asked) -> None:
    asked.tweets.insert_many(
        [
            tweet(f"{code} {kind} {days}", NOW - timedelta(days=days), code, (kind, "wind"))
            for code in ("GT", "FR")
            for kind in ("rain", "snow")
            for days in range(3)
        ]
    )
    assert await asked.texts("/tweets?country=Francia&kind=snow&limit=2") == [
        "FR snow 0", "FR snow 1", "FR snow 2",
    ]  # fmt: skip
    assert len(await asked.texts("/tweets?country=gt")) == 6
    assert len(await asked.texts("/tweets?kind=rain&limit=4")) == 6
    assert await asked.texts("/tweets?kind=fog") == []


async def test_words_are_found_without_case_or_accents(asked: Asked) -> None:
    texts = [
        "Mucha LLUVIA hoy", "lluvía y café", "lluvias", "Cafe\u0301 frío", "雨が降っています",
        "बारिश हो रही है", "a.*b",
    ]  # fmt: skip
    asked.tweets.insert_many(
        [tweet(text, NOW - number * HOUR, id_=str(number)) for number, text in enumerate(texts)]
    )

    async def found(q: str) -> list[int]:
        page = await asked.door.request("GET", "/tweets", params={"q": q})
        assert page.status == 200, page.body
        return sorted(int(each["id"]) for each in page.json()["tweets"])

    assert await found("lluvia") == [0, 1]
    assert await found("LLUVIA") == [0, 1]
    assert await found("lluv*") == [0, 1, 2]
    assert await found("cafe lluvia") == [1]
    assert await found("CAFÉ") == [1, 3]
    assert await found("雨") == [4]
    assert await found("बारिश") == [5]
    assert await found("बार") == []
    # What means something to a regular expression means nothing here.
    assert await found("a.*b") == [6]
    assert await found("(lluvia|x)$") == []


@pytest.mark.parametrize(
    "q", ["o" * 100, " ".join(first + "o" * 10 for first in "abcdeino"), f"nada{'ade' * 12}*"]
)
async def test_long_words_are_found_where_a_regular_expression_has_room_for_their_beginning_only(
    asked: Asked, q: str
) -> None:
    asked.tweets.insert_many(
        [
            tweet(f"\xbf{q.upper().rstrip('*')}?", NOW - HOUR),
            tweet(q.rstrip("*")[:-1], NOW - 2 * HOUR),
        ]
    )
    page = await asked.door.request("GET", "/tweets", params={"q": q})
    assert page.status == 200, page.body
    assert len(page.json()["tweets"]) == 1


async def test_many_tweets_that_history_knows_of_are_looked_through_in_pieces(asked: Asked) -> None:
    """A dense minute long ago: what is looked for is there, and nothing twice or left out."""
    minute = (NOW - timedelta(hours=30)).replace(second=0)
    documents = [
        tweet(
            f"{number} {'aguja' if number == 1234 else 'paja'}", minute + timedelta(milliseconds=12 * number)
        )
        for number in range(5000)
    ]
    asked.tweets.insert_many(documents)
    counts = {"tweets": 2500, "kinds": {}}
    for partition in (0, 1):
        for step, at in (("minute", minute), ("hour", minute.replace(minute=0))):
            asked.history.insert_one(counted(partition, step, at, GT=counts))
    assert await asked.texts("/tweets?q=aguja") == ["1234 aguja"]
    texts = await asked.texts("/tweets?limit=200")
    assert texts == [each["text"] for each in reversed(documents)]


async def test_tweets_are_found_also_where_history_says_there_are_none(asked: Asked) -> None:
    hour = (NOW - timedelta(hours=5)).replace(minute=0, second=0)
    asked.history.insert_one(counted(0, "hour", hour, GT={"tweets": 3, "kinds": {}}))
    asked.tweets.insert_many([tweet(str(number), NOW - number * HOUR) for number in range(10)])
    assert await asked.texts("/tweets?limit=3") == [str(number) for number in range(10)]


async def now_of_an_hour_that_stays() -> datetime:
    """The time, not in the last minute of an hour: the hour is a whole one there, and might end meanwhile."""
    now = datetime.now(UTC)
    remaining = now.replace(minute=0, second=0) + HOUR - now
    if remaining <= 1.5 * MINUTE:
        await asyncio.sleep(remaining.total_seconds())
    return datetime.now(UTC).replace(microsecond=0)


async def test_history_has_a_row_for_every_step_summed_over_partitions(asked: Asked) -> None:
    hour = (await now_of_an_hour_that_stays()).replace(minute=0, second=0)
    asked.history.insert_many(
        [
            counted(0, "hour", hour, GT={"tweets": 2, "kinds": {"rain": 1}}, FR={"tweets": 1, "kinds": {}}),
            counted(1, "hour", hour, GT={"tweets": 3, "kinds": {"rain": 1, "wind": 3}}),
            counted(0, "hour", hour - 23 * HOUR, FR={"tweets": 7, "kinds": {"sun": 7}}),
            counted(0, "hour", hour - 24 * HOUR, FR={"tweets": 100, "kinds": {}}),
            counted(0, "minute", hour, GT={"tweets": 100, "kinds": {}}),
        ]
    )
    told = await asked.get("/history")
    assert (told["step"], len(told["rows"])) == ("hour", 24)
    assert told["rows"][0]["tweets"] == 7
    assert [row["tweets"] for row in told["rows"][1:-1]] == [0] * 22
    last = told["rows"][-1]
    assert (last["tweets"], last["kinds"]) == (6, {"wind": 3, "rain": 2})
    assert "countries" not in last

    told = await asked.get("/history?by=country&country=GT")
    assert told["rows"][-1]["countries"] == {"GT": {"tweets": 5, "kinds": {"wind": 3, "rain": 2}}}
    assert told["rows"][0]["tweets"] == 0
    told = await asked.get("/history?kind=sun&by=country")
    assert told["rows"][0]["countries"] == {"FR": {"tweets": 7, "kinds": {"sun": 7}}}
    assert told["rows"][-1]["countries"] == {}

    start = (hour - timedelta(days=9)).date().isoformat()
    days = await asked.get(f"/history?step=day&from={start}")
    assert len(days["rows"]) == 10
    assert sum(row["tweets"] for row in days["rows"]) == 113


async def test_the_weather_is_of_the_time_up_to_now(asked: Asked) -> None:
    minute = (await now_of_an_hour_that_stays()).replace(second=0)
    hour = minute.replace(minute=0)
    rain = {"tweets": 1, "kinds": {"rain": 1}}
    asked.history.insert_many(
        [counted(0, "minute", minute - number * MINUTE, GT=rain, FR=rain) for number in range(2000)]
    )
    asked.history.insert_many(
        [
            counted(0, "hour", hour - number * HOUR, GT={"tweets": 60, "kinds": {"rain": 60}})
            for number in range(1, 48)
        ]
    )
    asked.history.insert_one(counted(1, "minute", minute, GT={"tweets": 9, "kinds": {"storm": 9, "fog": 1}}))
    for window, minutes in (("15m", 15), ("1h", 60)):
        told = await asked.get(f"/weather?window={window}")
        # A minute may have passed meanwhile.
        assert told["countries"]["GT"]["tweets"] in (minutes + 9, minutes + 8)
        assert told["window"] == window
    assert told["countries"]["GT"]["country"] == "Guatemala"
    assert list(told["countries"]) == ["GT", "FR"]
    assert list(told["countries"]["GT"]["kinds"])[:2] == ["rain", "storm"]
    assert told["tweets"] == sum(country["tweets"] for country in told["countries"].values())
    # Whole hours from where they are, minutes at both ends: of Guatemala both say the same.
    for window, minutes in (("6h", 360), ("24h", 1440)):
        told = await asked.get(f"/weather?window={window}")
        assert told["countries"]["GT"]["tweets"] in (minutes + 9, minutes + 8)
    assert (await asked.get("/weather?window=all"))["tweets"] == 47 * 60


@pytest.mark.parametrize(
    ("address", "parameter"),
    [
        ("/tweets?country=Atlantis", "country"),
        ("/tweets?kind=drizzle", "kind"),
        ("/tweets?limit=0", "limit"),
        ("/tweets?limit=201", "limit"),
        ("/tweets?limit=%C2%B2", "limit"),
        ("/tweets?before=x", "before"),
        ("/tweets?before=%F0%9F%8C%A7", "before"),
        ("/tweets?q=%2A", "q"),
        ("/tweets?q=a+b+c+d+e+f+g+h+i", "q"),
        (f"/tweets?q={'a' * 101}", "q"),
        ("/tweets?contry=GT", "contry"),
        ("/tweets?limit=1&limit=2", "limit"),
        ("/history?from=yesterday", "from"),
        ("/history?from=2026-11-25T00:00:00Z&to=2026-11-24T00:00:00Z", "from"),
        ("/history?to=9999-12-31T23:59:59Z", "to"),
        ("/history?step=week", "step"),
        ("/history?by=kind", "by"),
        ("/history?step=minute&from=2020-01-01T00:00:00Z", "from"),
        ("/history?step=hour&from=2026-01-01T00:00:00Z&to=2026-06-01T00:00:00Z", "step"),
        ("/history?step=day&from=1990-01-01&to=2020-01-01", "from"),
        ("/weather?window=2h", "window"),
    ],
)
async def test_what_cannot_be_understood_is_named(asked: Asked, address: str, parameter: str) -> None:
    status, problem = await asked.refused(address)
    if "2026-06-01" in address:
        # 3,624 hours: days fit.
        assert "step=day fits" in problem["detail"]
    assert (status, problem["parameter"]) == (400, parameter)


async def test_a_plus_of_a_time_zone_may_stand_as_it_is(asked: Asked) -> None:
    told = await asked.get("/history?from=2026-11-24T01:00:00+01:00&to=2026-11-24T03:00:00%2B01:00")
    assert (told["from"], told["to"]) == ("2026-11-24T00:00:00.000Z", "2026-11-24T02:00:00.000Z")


async def test_head_is_get_without_the_body_and_long_answers_are_compressed(asked: Asked) -> None:
    asked.tweets.insert_many([tweet("a" * 100, NOW) for _ in range(50)])
    head = await asked.door.request("HEAD", "/tweets", headers={"Accept-Encoding": "identity"})
    assert (head.status, head.body) == (200, b"")
    plain = await asked.door.get("/tweets", **{"Accept-Encoding": "identity"})
    assert int(head.headers["Content-Length"]) == len(plain.body)
    raw = await asked.door.raw(
        b"GET /tweets HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAccept-Encoding: gzip\r\n\r\n"
    )
    _, _, body = raw.partition(b"\r\n\r\n")
    assert json.loads(gzip.decompress(body)) == plain.json()


async def test_equal_questions_at_once_are_answered_once_and_for_a_second(asked: Asked) -> None:
    asked.tweets.insert_one(tweet("one", NOW))
    answers = await asyncio.gather(*(asked.get("/tweets") for _ in range(30)))
    assert all(answer == answers[0] for answer in answers)
    assert asked.door.metric("reads_refused_total", reason="busy") == 0
    asked.tweets.insert_one(tweet("two", NOW))
    async with asyncio.timeout(30):
        while len((await asked.get("/tweets"))["tweets"]) != 2:
            await asyncio.sleep(0.05)


async def test_the_page_is_told_that_it_may_ask(asked: Asked) -> None:
    assert (await asked.door.get("/config.json")).json()["reads"] is True


async def test_a_gateway_without_mongodb_says_how_to_switch_it_on() -> None:
    async with opened(producer_target="127.0.0.1:1", mongo=MongoSettings()) as door:
        for address in ("/tweets", "/history", "/weather"):
            answer = await door.get(address)
            assert answer.status == 404
            assert "WEATHER_MONGO_URL" in answer.problem()["detail"]


async def test_mongodb_that_is_away_is_told_and_found_again(tmp_path_factory: pytest.TempPathFactory) -> None:
    mongo = Mongo(tmp_path_factory.mktemp("away"))
    mongo.start()
    try:
        async with opened(
            producer_target="127.0.0.1:1", mongo=MongoSettings(url=SecretStr(mongo.url))
        ) as door:
            assert (await door.get("/tweets")).status == 200
            mongo.kill()
            for address in ("/tweets?limit=2", "/history", "/weather"):
                answer = await door.get(address)
                assert answer.status == 503
                assert "MongoDB" in answer.problem()["detail"]
            assert door.metric("reads_refused_total", reason="away") == 3
            mongo.start()
            async with asyncio.timeout(30):
                while (await door.get("/tweets?limit=3")).status != 200:
                    await asyncio.sleep(0.1)
    finally:
        mongo.kill()
