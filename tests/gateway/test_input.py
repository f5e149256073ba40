"""What `POST /input` accepts, and what it says to everything else."""

import asyncio
import json
import unicodedata
import uuid
from typing import Any

import pytest

from tests.gateway.doors import TWEET, Door
from tests.gateway.producers import FakeProducer

KEY = "0198c2f4-8a51-7c3e-9d07-5b1f0e6a4c21"


async def test_a_tweet_gets_a_time_ordered_id(door: Door, producer: FakeProducer) -> None:
    answers = [await door.post() for _ in range(3)]
    assert [answer.status for answer in answers] == [202] * 3
    ids = [answer.json()["id"] for answer in answers]
    assert ids == sorted(ids)
    assert all(uuid.UUID(each).version == 7 for each in ids)
    assert [tweet.id for tweet in producer.tweets] == ids
    first = producer.tweets[0]
    assert (first.text, first.country, first.country_code) == ("Llueve de nuevo", "Guatemala", "GT")
    assert door.metric("tweets_accepted_total") == 3
    assert door.metric("requests_total", method="POST", route="/input", status="202") == 3


async def test_an_array_gets_an_id_for_each(door: Door, producer: FakeProducer) -> None:
    answer = await door.post([{**TWEET, "texto": f"Llueve {n}"} for n in range(1000)])
    assert answer.status == 202
    assert answer.json()["ids"] == [tweet.id for tweet in producer.tweets]
    assert len(set(answer.json()["ids"])) == 1000


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
async def test_any_normal_form_and_either_language_of_the_keys_will_do(
    door: Door, producer: FakeProducer, form: Any
) -> None:
    for text, country in (("texto", "país"), ("text", "country"), ("texto", "pais")):
        key = unicodedata.normalize(form, country)
        answer = await door.post({text: unicodedata.normalize(form, "Lluvia en Bogotá"), key: "Perú"})
        assert answer.status == 202
        assert (producer.tweets[-1].text, producer.tweets[-1].country) == ("Lluvia en Bogotá", "Perú")


async def test_the_same_key_twice_gets_the_same_id(door: Door, producer: FakeProducer) -> None:
    answers = await asyncio.gather(
        door.post(**{"Idempotency-Key": KEY}),
        door.post(**{"idempotency-key": KEY.upper()}),
        door.post({**TWEET, "id": KEY}),
        door.post({**TWEET, "id": KEY}, **{"Idempotency-Key": KEY}),
    )
    assert [answer.json() for answer in answers] == [{"id": KEY}] * 4
    assert [tweet.id for tweet in producer.tweets] == [KEY] * 4


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        'application/json;charset="UTF-8"',
    ],
)
async def test_json_may_be_announced_in_these_ways(door: Door, content_type: str) -> None:
    assert (await door.post_bytes(json.dumps(TWEET).encode(), content_type)).status == 202


async def test_a_body_of_exactly_a_mebibyte_is_taken(door: Door) -> None:
    body = json.dumps(TWEET).encode()
    assert (await door.post_bytes(body + b" " * (2**20 - len(body)))).status == 202


def tweet(**changes: Any) -> bytes:
    return json.dumps({**TWEET, **changes}).encode()


REFUSED: dict[str, tuple[bytes, int, dict[str, Any]]] = {
    "not JSON": (b"Llueve", 400, {}),
    "an empty body": (b"", 400, {}),
    "JSON that breaks off": (b'{"texto": "a", "pa', 400, {}),
    "two objects": (tweet() + tweet(), 400, {}),
    "UTF-16": (json.dumps(TWEET).encode("utf-16"), 400, {}),
    "invalid UTF-8": ('{"texto": "montaña", "país": "Perú"}'.encode("latin-1"), 400, {}),
    "nested a million times": (b"[" * 2**20, 400, {}),
    "NaN": (b'{"texto": NaN, "pa\xc3\xads": "a"}', 400, {}),
    "a lone surrogate": (b'{"texto": "\\ud83d", "pa\xc3\xads": "a"}', 400, {}),
    "a string": (b'"Llueve"', 422, {}),
    "a number": (b"7", 422, {}),
    "null": (b"null", 422, {}),
    "an enormous number": (b"1" * 100_000, 422, {}),
    "an empty object": (b"{}", 422, {"field": "texto"}),
    "no country": (b'{"texto": "a"}', 422, {"field": "pa\u00eds"}),
    "a null text": (tweet(texto=None), 422, {"field": "texto"}),
    "a text that is a number": (tweet(texto=1), 422, {"field": "texto"}),
    "a text that is a list": (tweet(texto=["a"]), 422, {"field": "texto"}),
    "an empty text": (tweet(texto=""), 422, {"field": "texto"}),
    "a blank text": (tweet(texto=" \t\n"), 422, {"field": "texto"}),
    "an empty country": (tweet(país=""), 422, {"field": "país"}),
    "an over-long text": (tweet(texto="ñ" * 4097), 422, {"field": "texto"}),
    "an over-long country": (tweet(país="ñ" * 129), 422, {"field": "país"}),
    "a NUL": (tweet(texto="a\0b"), 422, {"field": "texto"}),
    "an escape": (tweet(texto="a\x1b[2Jb"), 422, {"field": "texto"}),
    "a line end in the country": (tweet(país="a\nb"), 422, {"field": "país"}),
    "a heap of accents": (tweet(texto="a" + "\u0301\u0316" * 5000), 422, {"field": "texto"}),
    "an id that is none": (tweet(id="1"), 422, {"field": "id"}),
    "an empty array": (b"[]", 422, {}),
    "an array of 1,001": (b"[" + b",".join([tweet()] * 1001) + b"]", 422, {}),
    "an array in an array": (b"[[]]", 422, {"index": 0}),
    "an array with one bad tweet": (
        b"[" + b",".join([tweet(), tweet(), tweet(texto=""), tweet()]) + b"]",
        422,
        {"field": "texto", "index": 2},
    ),
    "more than a mebibyte": (tweet() + b" " * 2**20, 413, {}),
}


@pytest.mark.parametrize(("body", "status", "members"), REFUSED.values(), ids=REFUSED.keys())
async def test_a_bad_body_is_refused_whole_and_the_next_request_works(
    door: Door, producer: FakeProducer, body: bytes, status: int, members: dict[str, Any]
) -> None:
    answer = await door.post_bytes(body)
    assert answer.status == status
    problem = answer.problem()
    assert {name: problem[name] for name in ("field", "index") if name in problem} == members
    assert "Traceback" not in problem["detail"]
    assert producer.tweets == []
    assert (await door.post()).status == 202


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": "application/json; charset=latin-1"}, 415),
        ({"Content-Type": "application/json", "Content-Encoding": "gzip"}, 415),
        ({"Content-Type": "application/json", "Idempotency-Key": "7"}, 422),
        ({"Content-Type": "application/json", "Idempotency-Key": ""}, 422),
    ],
)
async def test_headers_that_will_not_do(door: Door, headers: dict[str, str], status: int) -> None:
    answer = await door.request("POST", "/input", data=tweet(), headers=headers)
    assert answer.status == status
    answer.problem()
    assert (await door.post()).status == 202


async def test_a_body_without_a_type_is_refused(door: Door) -> None:
    body = tweet()
    sent = b"POST /input HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b" % (
        len(body),
        body,
    )
    assert (await door.raw(sent)).startswith(b"HTTP/1.1 415 ")


async def test_a_key_that_contradicts_the_id_is_refused(door: Door, producer: FakeProducer) -> None:
    answer = await door.post({**TWEET, "id": str(uuid.uuid4())}, **{"Idempotency-Key": KEY})
    assert answer.status == 422
    assert answer.problem()["field"] == "Idempotency-Key"
    assert producer.tweets == []


async def test_a_key_is_not_for_an_array(door: Door) -> None:
    answer = await door.post([TWEET], **{"Idempotency-Key": KEY})
    assert answer.status == 422
    assert answer.problem()["field"] == "Idempotency-Key"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_the_wrong_method_is_told_the_right_one(door: Door, method: str) -> None:
    answer = await door.request(method, "/input")
    assert answer.status == 405
    assert answer.headers["Allow"] == "POST"
    if method != "HEAD":
        answer.problem()
    assert (await door.post()).status == 202


@pytest.mark.parametrize("path", ["/nothing", "/input/1", "/static/..%2fapp.py", "/docs/nothing"])
async def test_there_is_nothing_elsewhere(door: Door, path: str) -> None:
    answer = await door.request("POST" if "input" in path else "GET", path)
    assert answer.status == 404
    answer.problem()
