"""Answers plain requests in the protocol itself: no task, no routing, a response ready made.

Sanic's parser and responder in Python take two thirds of what a request costs the gateway. Its protocol
class is its extension point: here it takes `POST /input` where nothing is unusual (`plain`), and hands on
everything else to Sanic, untouched.
"""

import asyncio
from time import monotonic, perf_counter
from typing import Any

from sanic.headers import format_http1_response
from sanic.http import Stage

from gateway import input as input_route
from gateway import problems, request_span
from gateway.keys.sender import Sender
from gateway.plain import BEGINNING, PlainRequest, Reader
from gateway.problems import Problem
from gateway.protocol import PunctualHttpProtocol
from gateway.stream import RefusedError
from gateway.submission import tweets
from weather_tweets.traces import Traced
from weather_tweets.tweet import Tweet

# Many clients send head and body in two pieces, one right after the other. What takes longer is for Sanic,
# whose time-outs it then has.
_SECOND_PIECE_SECONDS = 0.05


class DirectHttpProtocol(PunctualHttpProtocol):
    """A connection of a client."""

    __slots__ = ("_began", "_is_last", "_next", "_patience", "_publishing", "_reader")

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._reader: Reader | None = Reader()
        self._began = b""
        """What is here of a request whose rest has not come yet."""
        self._patience: asyncio.TimerHandle | None = None
        self._publishing: asyncio.Future[None] | None = None
        """Done when the request that is under way has its answer."""
        self._next = b""
        """What came meanwhile."""
        self._is_last = False

    def data_received(self, data: bytes) -> None:
        if self._publishing:
            # The next request, before the answer to this one.
            assert self.transport  # noqa: S101 (or nothing could come)
            self.transport.pause_reading()
            self._next += data
            return
        if self._began:
            assert self._reader  # noqa: S101 (there is a first piece only with both)
            assert self._patience  # noqa: S101
            self._patience.cancel()
            whole = self._began + data
            request = self._reader.more(data)
        elif data.startswith(BEGINNING) and self._is_idle():
            whole = data
            self._reader = self._reader or Reader()
            request = self._reader.read(data)
        else:
            super().data_received(data)
            return
        self._began = b""
        if request is False:
            self._reader = None
            super().data_received(whole)
        elif request is True:
            self._began = whole
            self._patience = self.loop.call_later(_SECOND_PIECE_SECONDS, self._hand_on)
        else:
            self._take(request, whole)

    def connection_lost(self, exc: BaseException | None) -> None:
        if self._patience:
            self._patience.cancel()
        if self._publishing:
            # Nobody is left to answer.
            self._publishing.cancel()
        super().connection_lost(exc)  # type: ignore[no-untyped-call]

    def close_if_idle(self) -> bool:
        if self._publishing or self._began:
            self._is_last = True
            return False
        return super().close_if_idle()

    def check_timeouts(self) -> None:
        if self._publishing:
            # Not idle, whatever Sanic's own stage says; the publisher has a deadline.
            self._time = monotonic()
        super().check_timeouts()  # type: ignore[no-untyped-call]

    def _is_idle(self) -> bool:
        """Whether Sanic has nothing of this connection in hand, and the client reads what it is sent."""
        http = self.http
        return (
            http is not None
            and http.stage is Stage.IDLE
            and not self.recv_buffer
            and self._can_write.is_set()
        )

    def _hand_on(self) -> None:
        """The rest of the request does not come: it is Sanic's to wait for it, and to say so."""
        began, self._began, self._reader = self._began, b"", None
        if self._is_last:
            self.close()
        else:
            super().data_received(began)

    def _take(self, request: PlainRequest, whole: bytes) -> None:
        began = perf_counter()
        context = self.app.ctx
        sender = None
        if context.key_ring is not None:
            assert self._reader  # noqa: S101 (it has just read the request)
            try:
                sender = context.key_ring.sender(self._reader.authorization)
            except Problem as refused:
                self._refuse(refused)
                return
        try:
            submitted, is_array = tweets(request.body, request.key)
        except Exception:  # noqa: BLE001 (Sanic's way meets the same, and says it)
            super().data_received(whole)
            return
        taken = _Taken(submitted, is_array, began, sender)
        try:
            if sender is not None:
                sender.charge(len(submitted))
            if context.tracing is not None:
                assert self._reader  # noqa: S101 (it has just read the request)
                taken.traced = request_span.begin(context.tracing, self._reader.traceparent, len(submitted))
            self._publishing = context.publisher.publish(
                submitted, len(request.body), taken.traced.traceparent if taken.traced else ""
            )
        except Problem as over_quota:
            self._refuse(over_quota)
            return
        except RefusedError as refused:
            self._refuse_taken(taken, refused)
            return
        self._publishing.add_done_callback(lambda done: self._answer(done, taken))

    def _answer(self, publishing: "asyncio.Future[None]", taken: "_Taken") -> None:
        self._publishing = None
        sender, submitted = taken.sender, taken.submitted
        if publishing.cancelled():
            request_span.end(taken.traced, 408)
            if sender is not None:
                sender.unanswered(len(submitted))
            return
        error = publishing.exception()
        if error is None:
            context = self.app.ctx
            body = input_route.answer(submitted, taken.is_array)
            connection = b"close" if self._is_last else b"keep-alive"
            quota = b""
            if sender is not None:
                sender.accepted(len(submitted))
                quota = sender.lines
            self._write(
                b"%b%d\r\nconnection: %b\r\n%b\r\n%b"
                % (context.accepted_head, len(body), connection, quota, body)
            )
            context.observe_accepted(perf_counter() - taken.began)
            if taken.traced is not None:
                request_span.end(taken.traced, 202)
        elif isinstance(error, RefusedError):
            self._refuse_taken(taken, error)
        else:
            request_span.end(taken.traced, 500)
            self._refuse(problems.unexpected("/input", error))

    def _refuse_taken(self, taken: "_Taken", refused: RefusedError) -> None:
        said = input_route.problem(refused, taken.submitted, taken.is_array)
        request_span.end(taken.traced, said.status)
        self._refuse(taken.sender.refuse(said, len(taken.submitted)) if taken.sender else said)

    def _refuse(self, problem: Problem) -> None:
        response = problems.response(problem)
        response.headers["content-length"] = len(response.body or b"")
        response.headers["connection"] = "close" if self._is_last else "keep-alive"
        if self.app.ctx.varies:
            response.headers["vary"] = "Origin"
        self.app.ctx.observe_input(problem.status)
        self._write(
            format_http1_response(response.status, response.processed_headers) + (response.body or b"")
        )

    def _write(self, answer: bytes) -> None:
        if self.transport is None or self.transport.is_closing():
            return
        self.transport.write(answer)
        self._time = monotonic()
        if self._is_last:
            self.close()
        elif self._next:
            data, self._next = self._next, b""
            self.transport.resume_reading()
            self.data_received(data)


class _Taken:
    """A request that is under way."""

    __slots__ = ("began", "is_array", "sender", "submitted", "traced")

    def __init__(self, submitted: list[Tweet], is_array: bool, began: float, sender: Sender | None) -> None:
        self.submitted = submitted
        self.is_array = is_array
        self.began = began
        self.sender = sender
        self.traced: Traced | None = None


def accepted_head(*, varies: bool) -> bytes:
    """The 202 up to its length; with `varies` what it says depends on the page that asks."""
    headers = [*input_route.ACCEPTED_HEADERS, *([(b"vary", b"Origin")] if varies else ())]
    return format_http1_response(202, headers).removesuffix(b"\r\n") + b"content-length: "
