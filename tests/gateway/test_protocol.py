"""Clients that do not speak HTTP, or speak it very slowly."""

import asyncio
import json

import pytest

from gateway import app as gateway_app
from tests.gateway.doors import Door, opened
from tests.gateway.producers import FakeProducer

GARBAGE = {
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
    "no version": b"GET /\r\n\r\n",
    "another version": b"GET / HTTP/9.9\r\n\r\n",
    "a URL that is none": b"GET \x1f\x80 HTTP/1.1\r\n\r\n",
    "no HTTP and a URL that is none": b"GET \x1f\x80 FTP\r\n\r\n",
    "a path beyond ASCII": "GET /ñ HTTP/1.1\r\n\r\n".encode(),
    "a header without a colon": b"GET / HTTP/1.1\r\nHost\r\n\r\n",
    "a length that is none": b"POST /input HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
    "a negative length": b"POST /input HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    "two lengths": b"POST /input HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na",
    "bad chunks": (
        b"POST /input HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"
    ),
}


def status_of(answer: bytes) -> int:
    """The status of a problem document that came as raw HTTP."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head, answer
    status: int = json.loads(body)["status"]
    assert head.startswith(b"HTTP/1.1 %d " % status)
    return status


@pytest.mark.parametrize("sent", GARBAGE.values(), ids=GARBAGE.keys())
async def test_what_is_no_http_is_a_bad_request(door: Door, sent: bytes) -> None:
    assert status_of(await door.raw(sent)) == 400
    assert (await door.post()).status == 202


async def test_an_endless_header_is_too_large(door: Door) -> None:
    assert status_of(await door.raw(b"GET / HTTP/1.1\r\nX: " + b"a" * 20_000)) == 413


async def test_an_announced_length_over_a_mebibyte_is_refused_unseen(door: Door) -> None:
    sent = (
        b"POST /input HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
        b"Content-Length: 1048577\r\n\r\n"
    )
    assert status_of(await door.raw(sent)) == 413


async def test_chunks_over_a_mebibyte_are_refused(door: Door) -> None:
    chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"
    head = (
        b"POST /input HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n"
    )
    assert status_of(await door.raw(head + chunk * 17)) == 413


async def test_a_byte_a_moment_is_timed_out_and_others_do_not_notice(
    producer: FakeProducer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(gateway_app.SANIC_OPTIONS, "REQUEST_TIMEOUT", 1)
    monkeypatch.setattr(gateway_app, "BODY_SECONDS", 1)
    body = b'{"texto": "a", "pais": "GT"}'
    request = (
        b"POST /input HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
        % (len(body), body)
    )

    async def trickle(port: int, at_once: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request[:at_once])
        answer = asyncio.create_task(reader.read())
        try:
            for position in range(at_once, len(request)):
                await asyncio.wait((answer,), timeout=0.1)
                if answer.done():
                    break
                writer.write(request[position : position + 1])
            return await answer
        except ConnectionResetError:
            # A byte under way when the door closed: its answer may be lost with the connection.
            return b""
        finally:
            writer.close()

    async with opened(producer_target=producer.target, deadline_seconds=1) as door:
        await door.wait_until_ready()
        in_header = [asyncio.create_task(trickle(door.port, 5)) for _ in range(50)]
        in_body = [asyncio.create_task(trickle(door.port, len(request) - len(body))) for _ in range(50)]
        while not in_header[0].done():
            assert (await door.post()).status == 202
        answers = await asyncio.gather(*in_header, *in_body)
        assert {status_of(answer) for answer in answers if answer} == {408}
