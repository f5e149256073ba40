"""The span of a `POST /input`, from its arrival to its answer."""

from sanic import Request

from weather_tweets.traceparent import HEADER
from weather_tweets.traces import Traced, Tracing


def begin(tracing: Tracing, header: str | None, tweets: int) -> Traced | None:
    """None if the request is not sampled. `header` is its `traceparent`, `tweets` how many it has."""
    return tracing.request(
        header,
        "POST /input",
        http__request__method="POST",
        http__route="/input",
        messaging__batch__message_count=tweets,
    )


def header_of(request: Request) -> str | None:
    """The `traceparent` of a request that Sanic reads; two are none."""
    values = request.headers.getall(HEADER, [])
    return values[0] if len(values) == 1 else None


def end(traced: Traced | None, status: int) -> None:
    """It is answered with this status; 5xx is our fault, and an error of the span."""
    if traced:
        traced.end(http__response__status_code=status, error=f"answered {status}" if status >= 500 else "")
