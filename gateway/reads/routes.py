"""`GET /tweets`, `/history` and `/weather`."""

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sanic import Blueprint, HTTPResponse, Request

from gateway.problems import Problem
from gateway.reads import parameters

if TYPE_CHECKING:
    from gateway.reads.answers import Answers
    from gateway.reads.database import Database
    from gateway.reads.weather import Settled

blueprint = Blueprint("reads")

_HEADERS = {
    "Cache-Control": "max-age=1",
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
}
_OFF = (
    "This gateway answers no questions about tweets: set WEATHER_MONGO_URL, and WEATHER_GATEWAY_MAX_READS "
    "above 0, and start it anew."
)


class Reads:
    """What the routes need, where MongoDB is configured."""

    def __init__(self, database: "Database", answers: "Answers", settled: "Settled") -> None:
        self.database = database
        self.settled = settled
        self.answers = answers

    async def close(self) -> None:
        await self.answers.close()
        await self.database.close()


async def tweets(request: Request) -> HTTPResponse:
    """The newest tweets, a page at a time."""
    from gateway.reads.tweets import answer

    reads = _reads(request)
    question = parameters.tweets(_given(request))
    return await _answered(request, question, lambda: answer(reads.database, question, _now()))


async def history(request: Request) -> HTTPResponse:
    """How many tweets there were in each step of a time."""
    from gateway.reads.history import answer

    reads = _reads(request)
    question = parameters.history(_given(request), _now())
    return await _answered(request, question, lambda: answer(reads.database, question))


async def weather(request: Request) -> HTTPResponse:
    """What the tweets up to now say, by country."""
    from gateway.reads.weather import answer

    reads = _reads(request)
    question = parameters.weather(_given(request))
    return await _answered(request, question, lambda: answer(reads.database, reads.settled, question, _now()))


async def _answered(
    request: Request, question: tuple[Any, ...], compute: Callable[[], Awaitable[bytes]]
) -> HTTPResponse:
    began = time.perf_counter()
    answer = await _reads(request).answers.get((type(question), question), compute)
    headers = dict(_HEADERS)
    body = answer.body
    if answer.compressed and "gzip" in request.headers.get("accept-encoding", ""):
        body = answer.compressed
        headers["Content-Encoding"] = "gzip"
    context = request.app.ctx
    context.observe(request, 200)
    context.metrics.request_seconds.labels(request.path).observe(time.perf_counter() - began)
    return HTTPResponse(body, headers=headers, content_type="application/json")


def _reads(request: Request) -> Reads:
    reads: Reads | None = request.app.ctx.reads
    if reads is None:
        raise Problem(404, _OFF)
    return reads


def _given(request: Request) -> parameters.Given:
    given: parameters.Given = request.get_args(keep_blank_values=True)
    return given


def _now() -> datetime:
    return datetime.now(UTC)


for page in (tweets, history, weather):
    blueprint.add_route(page, f"/{page.__name__}", methods=["GET", "HEAD"])
