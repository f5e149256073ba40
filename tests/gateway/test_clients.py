"""Clients as they come, with the bytes that they send: each is understood, or told what to send instead."""

import json
from typing import Any

import pytest

from tests.gateway.doors import Door, opened
from tests.gateway.producers import FakeProducer

KEY = "0198c2f4-8a51-7c3e-9d07-5b1f0e6a4c21"
RAIN = '{"texto": "Llueve", "país": "Guatemala"}'.encode()
JSON = "Content-Type: application/json"
FORM = "Content-Type: application/x-www-form-urlencoded"


def sent(first: str, *headers: str, body: bytes | None = None) -> bytes:
    """A request, the last of its connection; with a body it has its length."""
    lines = [f"{first} HTTP/1.1", "Host: a", "Connection: close", *headers]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")


def tweet(*headers: str, body: bytes = RAIN) -> bytes:
    return sent("POST /input", *headers, body=body)


def read(answer: bytes) -> tuple[int, dict[str, str], bytes]:
    """The status, the headers with their names in lower case, the body."""
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    return int(first.split()[1]), {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}, body


@pytest.mark.parametrize(
    "key",
    [KEY, f'"{KEY}"', f' "{KEY.upper()}" ', f'"{KEY}"; attempt=2', f'"{KEY}";a="x;y"', "{" + KEY + "}"],
)
async def test_a_key_may_be_quoted_or_bare(door: Door, key: str) -> None:
    status, _, body = read(await door.raw(tweet(JSON, f"Idempotency-Key: {key}")))
    assert (status, json.loads(body)) == (202, {"id": KEY})


@pytest.mark.parametrize(
    "key", [f'"{KEY}', f'{KEY}"', f"'{KEY}'", '""', f'"{KEY}" "{KEY}"', f'"{KEY}", "{KEY}"']
)
async def test_a_key_that_is_no_string_is_refused(door: Door, key: str) -> None:
    status, _, body = read(await door.raw(tweet(JSON, f"Idempotency-Key: {key}")))
    assert (status, json.loads(body)["field"]) == (422, "Idempotency-Key")


async def test_two_keys_are_none(door: Door, producer: FakeProducer) -> None:
    other = KEY.replace("4c21", "4c22")
    keys = (f"Idempotency-Key: {KEY}", f"idempotency-key: {other}")
    assert read(await door.raw(tweet(JSON, *keys)))[0] == 422
    assert producer.tweets == []


@pytest.mark.parametrize(
    ("parameters", "status"),
    [
        ("", 202),
        (";", 202),
        ("; ", 202),
        ('; profile="https://a.example/b;charset=latin-1"', 202),
        ("; version=1; charset=utf-8", 202),
        ("; CharSet=UTF-8; odata.metadata=minimal", 202),
        ('; charset="utf-8"; boundary=x', 202),
        ("; charset=US-ASCII", 202),
        ("; boundary=x; charset=iso-8859-1", 415),
        ('; charset="utf-16"', 415),
    ],
)
async def test_of_a_media_type_s_parameters_only_the_charset_is_judged(
    door: Door, parameters: str, status: int
) -> None:
    assert read(await door.raw(tweet(JSON + parameters)))[0] == status


CHUNKS = b"%x\r\n%b\r\n0\r\n" % (len(RAIN), RAIN)


@pytest.mark.parametrize("coding", ["chunked", "Chunked", "CHUNKED", "chunked ", "\tchUnked"])
async def test_a_transfer_coding_has_no_case(door: Door, coding: str) -> None:
    request = sent("POST /input", JSON, f"Transfer-Encoding:{coding}") + CHUNKS + b"\r\n"
    assert read(await door.raw(request))[0] == 202


async def test_what_follows_a_chunked_request_is_the_next_one(door: Door, producer: FakeProducer) -> None:
    head = f"POST /input HTTP/1.1\r\nHost: a\r\n{JSON}\r\nTRANSFER-ENCODING: Chunked\r\n\r\n".encode()
    answer = await door.raw((head + CHUNKS + b"\r\n") * 2 + tweet(JSON))
    assert answer.count(b"HTTP/1.1 202 ") == 3
    assert len(producer.tweets) == 3


@pytest.mark.parametrize(
    "coding", ["gzip, chunked", "gzip", "chunked, chunked", "", "chunked\r\nContent-Length: 3"]
)
async def test_other_transfer_codings_are_refused(door: Door, producer: FakeProducer, coding: str) -> None:
    request = sent("POST /input", JSON, f"Transfer-Encoding: {coding}") + CHUNKS + b"\r\n"
    status, _, body = read(await door.raw(request))
    assert (status, json.loads(body)["status"]) == (400, 400)
    assert producer.tweets == []


async def test_a_trailer_is_refused_by_its_name(door: Door, producer: FakeProducer) -> None:
    head = sent("POST /input", JSON, "Transfer-Encoding: chunked", "Trailer: X-Checksum")
    status, _, body = read(await door.raw(head + CHUNKS + b"X-Checksum: 7\r\n\r\n"))
    assert status == 400
    assert "X-Checksum" in json.loads(body)["detail"]
    assert producer.tweets == []


@pytest.mark.parametrize(
    "path",
    ["/", "/healthz", "/readyz", "/metrics", "/docs", "/docs/start.js", "/openapi.json", "/config.json"],
)
async def test_head_is_answered_wherever_get_is(door: Door, path: str) -> None:
    status, headers, body = read(await door.raw(sent(f"HEAD {path}")))
    got = read(await door.raw(sent(f"GET {path}")))
    assert (status, body) == (got[0], b"")
    assert status == 200
    assert headers["content-type"] == got[1]["content-type"]
    assert path == "/metrics" or headers["content-length"] == got[1]["content-length"]


NDJSON = "Content-Type: application/x-ndjson"


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\n\n \n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
async def test_a_tweet_a_line_is_answered_as_an_array_is(
    door: Door, producer: FakeProducer, end: bytes, mark: bytes
) -> None:
    lines = [json.dumps({"texto": f"Sol {n}", "country": "Perú"}).encode() for n in range(3)]
    for body in (end.join(lines), end.join(lines) + end):
        producer.batches.clear()
        status, _, answer = read(await door.raw(tweet(NDJSON, body=mark + body)))
        assert status == 202
        assert json.loads(answer)["ids"] == [each.id for each in producer.tweets]
        assert [each.text for each in producer.tweets] == ["Sol 0", "Sol 1", "Sol 2"]


async def test_one_line_is_still_an_array(door: Door) -> None:
    assert list(json.loads(read(await door.raw(tweet(NDJSON)))[2])) == ["ids"]


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (RAIN + b"\n" + b'{"texto": "Sol"}\n', 422, "Tweet 1: país"),
        (RAIN + b"\n\n" + b'{"texto": "Sol", }', 400, "line 3, column 18"),
        (RAIN + b"\n" + b'{"texto": "ma\xf1ana"}', 400, "line 2, column 14"),
        (b"\xef\xbb\xbf" + RAIN + b"\n[" + RAIN + b"]", 422, "Tweet 1"),
        (b"\n".join([RAIN] * 1001), 422, "2 requests"),
        (b"\n\n", 422, "1 to 1,000"),
        (b'{\n"texto": "Sol",\n"pais": }', 400, "line 1"),
    ],
)
async def test_lines_are_taken_all_or_none(
    door: Door, producer: FakeProducer, body: bytes, status: int, said: str
) -> None:
    answer = read(await door.raw(tweet(NDJSON, body=body)))
    assert answer[0] == status
    assert said in json.loads(answer[2])["detail"]
    assert producer.tweets == []


async def test_a_byte_order_mark_is_skipped(door: Door, producer: FakeProducer) -> None:
    assert read(await door.raw(tweet(JSON, body=b"\xef\xbb\xbf" + RAIN)))[0] == 202
    assert read(await door.raw(tweet(JSON, body=b"\xef\xbb\xbf[" + RAIN + b"]")))[0] == 202
    assert len(producer.tweets) == 2


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ('{"texto": "mañana", "pais": "Perú"}'.encode("latin-1"), "byte 13 (line 1, column 14)"),
        ('{"texto": "mañana",\n "pais": "Per'.encode() + b"\xfa", "byte 34 (line 2, column 14)"),
        (b'[{"texto": "a", "k\xff": 1}]', "byte 18 (line 1, column 19)"),
        (b"\x93texto\x94", "byte 0 (line 1, column 1)"),
    ],
)
async def test_invalid_utf_8_is_named_where_it_is(door: Door, body: bytes, place: str) -> None:
    status, _, answer = read(await door.raw(tweet(JSON, body=body)))
    detail = json.loads(answer)["detail"]
    assert status == 400
    assert "Save it as UTF-8" in detail
    assert place in detail


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
async def test_other_encodings_of_unicode_are_told_utf_8(door: Door, encoding: str) -> None:
    status, _, answer = read(await door.raw(tweet(JSON, body=RAIN.decode().encode(encoding))))
    assert (status, "UTF-8" in json.loads(answer)["detail"]) == (400, True)


@pytest.mark.parametrize("number", ["1e400", "-1E+999", "1" * 5000, "[1e999, {}]", '{"a": 2e308}'])
async def test_a_number_that_nobody_reads_is_no_reason_to_refuse(
    door: Door, producer: FakeProducer, number: str
) -> None:
    body = f'{{"texto": "Sol", "seen": {number}, "país": "GT"}}'.encode()
    assert read(await door.raw(tweet(JSON, body=body)))[0] == 202
    assert read(await door.raw(tweet(JSON, body=b"[" + body + b"]")))[0] == 202
    assert read(await door.raw(tweet(NDJSON, body=body)))[0] == 202
    assert {(each.text, each.country_code) for each in producer.tweets} == {("Sol", "GT")}
    unreadable = body.replace(b'"Sol"', number.encode())
    assert read(await door.raw(tweet(JSON, body=unreadable)))[0] == 422


UNSEEN = ["\u200b", "\ufeff", "\u2060", "\u00ad", "\u200d", "\u202a", "\u3164", "\ufe0f", "\u034f"]


@pytest.mark.parametrize("unseen", UNSEEN)
async def test_what_is_not_seen_is_nothing_to_a_country_and_no_text(
    door: Door, producer: FakeProducer, unseen: str
) -> None:
    for name in (f"{unseen}Guatemala", f"Guatemala{unseen}", f"Guate{unseen}mala", f"G{unseen}T"):
        answer = await door.post({"texto": f"Sol{unseen}", "país": name})
        assert answer.status == 202
        assert (producer.tweets[-1].country, producer.tweets[-1].country_code) == ("Guatemala", "GT")
        assert producer.tweets[-1].text == f"Sol{unseen}"
    for field in ("texto", "país"):
        answer = await door.post(
            {"texto": "Sol", "país": "GT", field: f" {unseen}\n {unseen}".replace("\n", "")}
        )
        assert (answer.status, answer.problem()["field"]) == (422, field)


def other_origin(method: str, path: str, *headers: str, origin: str, body: bytes | None = None) -> bytes:
    return sent(f"{method} {path}", f"Origin: {origin}", *headers, body=body)


PREFLIGHT = ("Access-Control-Request-Method: POST", "Access-Control-Request-Headers: content-type")
PAGE = "https://page.example"


async def test_pages_of_other_origins_are_not_admitted_by_default(door: Door) -> None:
    assert read(await door.raw(other_origin("OPTIONS", "/input", *PREFLIGHT, origin=PAGE)))[0] == 405
    status, headers, _ = read(await door.raw(other_origin("POST", "/input", JSON, origin=PAGE, body=RAIN)))
    assert status == 202
    assert not [name for name in headers if name.startswith("access-control") or name == "vary"]


@pytest.mark.parametrize("setting", ["https://page.example", "http://a.example, HTTPS://Page.Example/", "*"])
async def test_a_setting_admits_them(producer: FakeProducer, setting: str) -> None:
    async with opened(producer_target=producer.target, origins=setting) as door:
        await door.wait_until_ready()
        status, headers, body = read(
            await door.raw(other_origin("OPTIONS", "/input", *PREFLIGHT, origin=PAGE))
        )
        assert (status, body) == (204, b"")
        assert headers["access-control-allow-origin"] == PAGE
        assert headers["access-control-allow-methods"] == "POST"
        assert headers["access-control-allow-headers"] == "Authorization, Content-Type, Idempotency-Key"
        requests: dict[int, bytes] = {
            202: other_origin("POST", "/input", JSON, origin=PAGE, body=RAIN),
            200: other_origin("GET", "/healthz", origin=PAGE),
            404: other_origin("POST", "/insert", JSON, origin=PAGE, body=RAIN),
            405: other_origin("DELETE", "/input", origin=PAGE),
            413: other_origin("POST", "/input", JSON, origin=PAGE, body=b" " * (2**20 + 1)),
            415: other_origin("POST", "/input", FORM, origin=PAGE, body=RAIN),
            422: other_origin("POST", "/input", JSON, origin=PAGE, body=b"{}"),
        }
        for expected, request in requests.items():
            status, headers, _ = read(await door.raw(request))
            assert status == expected
            assert headers["access-control-allow-origin"] == PAGE
            assert headers["vary"].split(", ")[-1] == "Origin"
        await producer.kill()


async def test_a_setting_admits_nobody_else(producer: FakeProducer) -> None:
    other = "https://page.example.org"
    async with opened(producer_target=producer.target, origins=PAGE) as door:
        await door.wait_until_ready()
        status, headers, _ = read(await door.raw(other_origin("OPTIONS", "/input", *PREFLIGHT, origin=other)))
        assert (status, headers.get("access-control-allow-origin")) == (403, None)
        status, headers, body = read(
            await door.raw(other_origin("POST", "/input", JSON, origin=other, body=RAIN))
        )
        assert (status, headers.get("access-control-allow-origin")) == (202, None)
        assert headers["content-type"] == "application/json"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-length"] == str(len(body))


INSTEAD: dict[str, tuple[bytes, int, str]] = {
    "curl -d": (tweet(FORM), 415, "Content-Type: application/json"),
    "no type": (tweet(), 415, "Content-Type: application/json"),
    "a form": (tweet(FORM, body=b"texto=Sol&pais=GT"), 415, "JSON instead of a form"),
    "a form with a file": (
        tweet("Content-Type: multipart/form-data; boundary=x", body=b"--x\r\n\r\n--x--\r\n"),
        415,
        "JSON instead of a form",
    ),
    "text": (tweet("Content-Type: text/plain"), 415, "Content-Type: application/json"),
    "compressed": (tweet(JSON, "Content-Encoding: gzip"), 415, "uncompressed"),
    "to the page": (sent("POST /", JSON, body=RAIN), 405, "/input"),
    "to another address": (sent("POST /insert", JSON, body=RAIN), 404, "POST to /input"),
    "asked for": (sent("GET /input"), 405, "POST"),
    "put": (sent("PUT /input", JSON, body=RAIN), 405, "POST"),
    "10,000 at once": (tweet(JSON, body=b"[" + b",".join([b"{}"] * 10_000) + b"]"), 422, "10 requests"),
    "a megabyte": (tweet(JSON, body=b"[" + b",".join([RAIN] * 30_000) + b"]"), 413, "at most 1 MiB"),
    "nothing": (tweet(JSON, body=b""), 400, "Send a JSON object"),
    "one quote": (tweet(JSON, body=b"{'texto': 'Sol', 'pais': 'GT'}"), 400, "double quotes"),
    "two objects": (tweet(JSON, body=RAIN + b"\n" + RAIN), 400, "application/x-ndjson"),
    "a last comma": (tweet(JSON, body=b'{"texto": "Sol", "pais": "GT",}'), 400, "no comma"),
    "encoded twice": (tweet(JSON, body=json.dumps(RAIN.decode()).encode()), 422, "encoded twice"),
    "characters for a length": (tweet(JSON, body=RAIN[:-1]), 400, "in bytes"),
    "half a URL": ("GET /ñ HTTP/1.1\r\n\r\n".encode(), 400, "Percent-encode"),
    "a header without a colon": (b"GET / HTTP/1.1\r\nHost\r\n\r\n", 400, "Send HTTP/1.1"),
    "a length that is none": (
        sent("POST /input", JSON, "Content-Length: x"),
        400,
        "Content-Length, in bytes",
    ),
    "endless headers": (sent("GET /", "X: " + "a" * 20_000), 413, "shorter"),
    "a condition": (tweet(JSON, "Expect: 200-maybe"), 417, "Expect: 100-continue"),
    "another name": (tweet(JSON, body=b'{"tweet": "Sol", "pais": "GT"}'), 422, 'send for instance {"texto"'),
    "in an envelope": (tweet(JSON, body=b'{"data": [' + RAIN + b"]}"), 422, "texto"),
}


@pytest.mark.parametrize(("request_", "status", "said"), INSTEAD.values(), ids=INSTEAD.keys())
async def test_a_refusal_says_in_a_sentence_what_to_send_instead(
    door: Door, producer: FakeProducer, request_: bytes, status: int, said: str
) -> None:
    answer = read(await door.raw(request_))
    assert answer[0] == status
    assert answer[1]["content-type"] == "application/problem+json"
    problem: dict[str, Any] = json.loads(answer[2])
    assert said in problem["detail"]
    assert problem["detail"].endswith(".")
    assert producer.tweets == []
