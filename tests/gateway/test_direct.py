"""Plain requests, which the protocol answers itself, and all others, which are Sanic's."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gateway import app as gateway_app
from gateway.direct import DirectHttpProtocol
from gateway.plain import PlainRequest, Reader
from gateway.protocol import PunctualHttpProtocol
from protos import tweets_pb2
from tests.gateway.doors import DEADLINE_SECONDS, Door, opened
from tests.gateway.producers import FakeProducer, rejecting

BODY = '{"texto": "Llueve", "país": "Guatemala"}'.encode()
KEY = "0198c2f4-8a51-7c3e-9d07-5b1f0e6a4c21"


def request(
    body: bytes = BODY, *fields: str, line: str = "POST /input HTTP/1.1", length: str | None = None
) -> bytes:
    lines = [
        line,
        "Host: a",
        "Content-Type: application/json",
        f"Content-Length: {len(body) if length is None else length}",
        *fields,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


PLAIN = {
    "a tweet": request(),
    "with a key": request(BODY, f"Idempotency-Key: {KEY}"),
    "with what clients and proxies add": request(
        BODY, "Connection: Keep-Alive", "User-Agent: x/1", "Accept: */*", "X-Forwarded-For: 10.0.0.1"
    ),
    "headers in any case": request().replace(b"Content-Type", b"CONTENT-TYPE"),
    "an array": request(b"[" + BODY + b"]"),
}
NOT_PLAIN = {
    "another method": request(line="PUT /input HTTP/1.1"),
    "another path": request(line="POST /inputs HTTP/1.1"),
    "a query": request(line="POST /input?a=1 HTTP/1.1"),
    "another version": request(line="POST /input HTTP/1.0"),
    "another type": request().replace(b"application/json", b"application/x-ndjson"),
    "a charset": request().replace(b"application/json", b"application/json; charset=utf-8"),
    "the end of the connection": request(BODY, "Connection: close"),
    "an expectation": request(BODY, "Expect: 100-continue"),
    "a coding": request(BODY, "Content-Encoding: identity"),
    "chunks": request(b"0\r\n\r\n", "Transfer-Encoding: chunked"),
    "an upgrade": request(BODY, "Connection: Upgrade", "Upgrade: websocket"),
    "a page": request(BODY, "Origin: https://example.org"),
    "two lengths": request(BODY, f"Content-Length: {len(BODY)}"),
    "two types": request(BODY, "Content-Type: text/plain"),
    "two keys": request(BODY, f"Idempotency-Key: {KEY}", f"Idempotency-Key: {KEY}"),
    "a quoted key": request(BODY, f'Idempotency-Key: "{KEY}"'),
    "a signed length": request(length=f"+{len(BODY)}"),
    "a length with a zero before it": request(length=f"0{len(BODY)}"),
    "a length beyond a mebibyte": request(length=str(2**20 + 1)),
    "a longer body than its length": request(length=str(len(BODY) - 1)),
    "two requests at once": request() * 2,
    "a folded header": request(BODY, "X: a\r\n b"),
    "a header without a colon": request(BODY, "nothing"),
    "a space before the colon": request(BODY, "X : a"),
    "lines that end without a carriage return": request().replace(b"\r\n", b"\n"),
    "an endless head": request(BODY, f"X: {'a' * 6000}"),
    "no host": request().replace(b"Host: a\r\n", b""),
    "no JSON": request(b"{"),
    "no tweet": request(b'{"texto": ""}'),
}


@pytest.mark.parametrize("sent", PLAIN.values(), ids=PLAIN.keys())
def test_a_plain_request_is_read_at_once_and_in_any_two_pieces_of_its_body(sent: bytes) -> None:
    reader = Reader()
    whole = reader.read(sent)
    assert isinstance(whole, PlainRequest)
    assert sent.endswith(b"\r\n\r\n" + whole.body)
    for cut in range(len(sent) - len(whole.body), len(sent)):
        assert reader.read(sent[:cut]) is True
        assert reader.more(sent[cut:]) == whole


@pytest.mark.parametrize("sent", NOT_PLAIN.values(), ids=NOT_PLAIN.keys())
async def test_sanic_answers_the_others_as_if_we_were_not_there(
    sent: bytes, producer: FakeProducer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What is no request to Sanic either is answered when this is over.
    monkeypatch.setitem(gateway_app.SANIC_OPTIONS, "REQUEST_TIMEOUT", 3)
    answers = []
    for protocol in (DirectHttpProtocol, PunctualHttpProtocol):
        async with opened(protocol=protocol, producer_target=producer.target) as door:
            await door.wait_until_ready()
            answers.append(_without_ids(await _until_silence(door, sent)))
    assert answers[0] == answers[1]
    assert answers[0]


@pytest.mark.parametrize("sent", PLAIN.values(), ids=PLAIN.keys())
async def test_a_plain_request_is_answered_as_sanic_would(sent: bytes, producer: FakeProducer) -> None:
    for answering in (
        lambda _: (),
        rejecting(tweets_pb2.REASON_INVALID),
        rejecting(tweets_pb2.REASON_UNAVAILABLE),
    ):
        producer.answer = answering
        answers = []
        for protocol in (DirectHttpProtocol, PunctualHttpProtocol):
            async with opened(protocol=protocol, producer_target=producer.target) as door:
                await door.wait_until_ready()
                answers.append(_without_ids(await _until_silence(door, sent)))
        assert answers[0] == answers[1]
        assert answers[0].startswith(b"HTTP/1.1 ")


async def test_head_and_body_may_come_apart(door: Door) -> None:
    async with _connected(door) as (reader, writer):
        for _ in range(3):
            head, _, body = request().partition(b"\r\n\r\n")
            writer.write(head + b"\r\n\r\n")
            await asyncio.sleep(0.001)
            writer.write(body)
            assert await _status(reader) == 202


async def test_a_body_that_comes_late_is_taken_all_the_same(door: Door) -> None:
    async with _connected(door) as (reader, writer):
        writer.write(request()[:-5])
        await asyncio.sleep(0.2)
        writer.write(request()[-5:])
        assert await _status(reader) == 202
        writer.write(request())
        assert await _status(reader) == 202


async def test_requests_behind_one_another_are_answered_in_their_order(
    door: Door, producer: FakeProducer
) -> None:
    keys = [f"0198c2f4-8a51-7c3e-9d07-5b1f0e6a4c{number:02x}" for number in range(6)]
    producer.answering.clear()
    async with _connected(door) as (reader, writer):
        for key in keys:
            writer.write(request(BODY, f"Idempotency-Key: {key}"))
            await asyncio.sleep(0.01)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        producer.answering.set()
        for key in keys:
            assert json.loads((await _answer(reader))[1]) == {"id": key}
        assert (await _answer(reader))[0] == 200
    assert [tweet.id for tweet in producer.tweets] == keys


async def test_who_goes_away_before_the_answer_harms_nobody(door: Door, producer: FakeProducer) -> None:
    producer.answering.clear()
    async with _connected(door) as (_, writer):
        writer.write(request())
        await producer.wait_for_tweets(1)
    producer.answering.set()
    assert (await door.post()).status == 202
    async with asyncio.timeout(DEADLINE_SECONDS):
        while door.app.ctx.publisher.in_flight:
            await asyncio.sleep(0.01)


async def test_plain_requests_are_counted_as_others_are(door: Door) -> None:
    async with _connected(door) as (reader, writer):
        writer.write(request())
        assert await _status(reader) == 202
    assert door.metric("requests_total", method="POST", route="/input", status="202") == 1


@asynccontextmanager
async def _connected(door: Door) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            yield reader, writer
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    return int(head.split()[1]), await reader.readexactly(length)


async def _status(reader: asyncio.StreamReader) -> int:
    return (await _answer(reader))[0]


async def _until_silence(door: Door, sent: bytes) -> bytes:
    """What comes back until nothing more does."""
    received = b""
    async with _connected(door) as (reader, writer):
        writer.write(sent)
        received = await reader.read(2**16)
        try:
            async with asyncio.timeout(0.2):
                while more := await reader.read(2**16):
                    received += more
        except (TimeoutError, ConnectionResetError):
            pass
    return received


def _without_ids(answer: bytes) -> bytes:
    """Ids of ours are different each time. An empty `alt-svc` Sanic takes out when it serves."""
    head, separator, body = answer.replace(b"alt-svc: \r\n", b"").partition(b'"id')
    return head + separator + b"0" * len(body)
