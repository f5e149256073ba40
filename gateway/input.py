"""`POST /input`."""

import asyncio
import time
from collections.abc import Iterator

from sanic import Blueprint, HTTPResponse, Request

from gateway import announcement, request_span
from gateway.keys.authorization import sender_of
from gateway.problems import Problem, unavailable
from gateway.stream import RefusedError
from gateway.submission import KEY_HEADER, tweets
from weather_tweets.tweet import Tweet

blueprint = Blueprint("input")


@blueprint.post("/input")
async def submit(request: Request) -> HTTPResponse:
    """202 once Kafka has every tweet of the request."""
    began = time.perf_counter()
    context = request.app.ctx
    sender = sender_of(request) if context.key_ring else None
    try:
        submitted, is_array = _tweets(request)
    except Problem as wrong:
        if wrong.status == 422:
            context.metrics.refused.labels("invalid").inc()
        raise sender.reject(wrong) if sender else wrong from None
    if sender:
        sender.charge(len(submitted))
    traced = None
    if context.tracing:
        traced = request_span.begin(context.tracing, request_span.header_of(request), len(submitted))
    try:
        await context.publisher.publish(submitted, len(request.body), traced.traceparent if traced else "")
    except RefusedError as refused:
        said = problem(refused, submitted, is_array)
        request_span.end(traced, said.status)
        raise sender.refuse(said, len(submitted)) if sender else said from None
    except asyncio.CancelledError:
        request_span.end(traced, 408)
        if sender:
            sender.unanswered(len(submitted))
        raise
    request_span.end(traced, 202)
    context.observe_accepted(time.perf_counter() - began)
    if sender:
        sender.accepted(len(submitted))
    return Accepted(answer(submitted, is_array), sender.fields if sender else ())


def _tweets(request: Request) -> tuple[list[Tweet], bool]:
    """As `submission.tweets`, of the whole request."""
    headers = request.headers
    content_type = headers.get("content-type")
    body = request.body
    as_lines = False
    if content_type != "application/json" or "content-encoding" in headers:
        as_lines = announcement.has_lines(content_type, headers.get("content-encoding"), body)
    key = headers.get(KEY_HEADER)
    if key is not None:
        # Given twice it is one value with a comma (RFC 9110, section 5.3), and none that will do.
        key = ", ".join(headers.getall(KEY_HEADER))
    return tweets(body, key, as_lines=as_lines)


def answer(submitted: list[Tweet], is_array: bool) -> bytes:
    """The body of the 202: the ids."""
    if is_array:
        return b'{"ids":["' + '","'.join([tweet.id for tweet in submitted]).encode() + b'"]}'
    return b'{"id":"' + submitted[0].id.encode() + b'"}'


class Accepted(HTTPResponse):
    """The 202. Sanic takes a sixth of a request's time to put its headers together; here they are ready."""

    def __init__(self, body: bytes, further: tuple[tuple[bytes, bytes], ...]) -> None:
        """`further` are the fields that only this answer has."""
        super().__init__(body, 202, content_type="application/json")
        self._further = further

    @property
    def processed_headers(self) -> Iterator[tuple[bytes, bytes]]:
        # content-length and connection are what the protocol has just set.
        headers = self.headers
        if "vary" in headers:
            # The answer depends on the page that asks: its headers are not always the same.
            headers.update(_ACCEPTED_TEXT)
            headers.update((name.decode(), value.decode()) for name, value in self._further)
            return super().processed_headers
        return iter(
            (
                *ACCEPTED_HEADERS,
                (b"content-length", b"%d" % headers["content-length"]),
                (b"connection", headers["connection"].encode()),
                *self._further,
            )
        )


ACCEPTED_HEADERS = (
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)
_ACCEPTED_TEXT = {name.decode(): value.decode() for name, value in ACCEPTED_HEADERS}


def problem(refused: RefusedError, submitted: list[Tweet], is_array: bool) -> Problem:
    """What the client may do about it; the ids are those to send again with."""
    if refused.reason == "invalid":
        return Problem(422, refused.detail, index=refused.index if is_array else None)
    ids = [tweet.id for tweet in submitted]
    return unavailable(
        f"{refused.detail} Sending it again with the same id is safe.",
        id=None if is_array else ids[0],
        ids=ids if is_array else None,
    )
