"""Errors as problem details (RFC 9457): the only way in which the gateway says no."""

import logging
from asyncio import CancelledError
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from sanic import HTTPResponse, Request
from sanic.exceptions import SanicException
from sanic.handlers import ErrorHandler

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"

EXAMPLE = '{"texto": "Llueve", "país": "Guatemala"}'
"""What to send instead, where a sentence can show it."""

_TITLES = {
    HTTPStatus.BAD_REQUEST: "The request cannot be understood",
    HTTPStatus.UNAUTHORIZED: "A key is needed",
    HTTPStatus.FORBIDDEN: "This is not allowed",
    HTTPStatus.NOT_FOUND: "There is nothing here",
    HTTPStatus.METHOD_NOT_ALLOWED: "This method is not for this address",
    HTTPStatus.REQUEST_TIMEOUT: "The request took too long to arrive",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The request is too large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body must be JSON",
    HTTPStatus.UNPROCESSABLE_ENTITY: "This is no acceptable tweet",
    HTTPStatus.TOO_MANY_REQUESTS: "More tweets than the key may send",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong here",
    HTTPStatus.SERVICE_UNAVAILABLE: "Not available at the moment",
}


class Problem(Exception):  # noqa: N818 (the word of RFC 9457)
    """A request that is answered with problem details."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        tweets: int = 1,
        **members: Any,
    ) -> None:
        """`members` (such as `field` and `index`) go into the document where they are not None.

        `tweets` is how many the request had, as far as it could be read.
        """
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})
        self.tweets = tweets
        self.members = {name: value for name, value in members.items() if value is not None}


def unavailable(detail: str, retry_after_seconds: int = 1, **members: Any) -> Problem:
    """A 503 with `Retry-After`."""
    return Problem(503, detail, headers={"Retry-After": str(retry_after_seconds)}, **members)


def unexpected(path: str, error: BaseException) -> Problem:
    """Logs what nobody expected; the client is told no detail of ours."""
    log.error("Unexpected error at %s", path, exc_info=error)
    return Problem(500, "It has been logged.")


def response(problem: Problem) -> HTTPResponse:
    """The answer that says it."""
    document = {
        "type": "about:blank",
        "title": _TITLES.get(HTTPStatus(problem.status)) or HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        **problem.members,
    }
    return HTTPResponse(
        msgspec.json.encode(document),
        problem.status,
        {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", **problem.headers},
        CONTENT_TYPE,
    )


class ProblemHandler(ErrorHandler):
    """Answers everything that is raised, by us or by Sanic, with problem details.

    What nobody expected is logged, and told to the client without any detail of ours.
    """

    def response(self, request: Request, exception: BaseException) -> HTTPResponse:
        if isinstance(exception, Problem):
            problem = exception
        elif isinstance(exception, CancelledError):
            # The client hung up: nobody is left to read this.
            problem = Problem(408, "The client is gone.")
        elif isinstance(exception, SanicException):
            problem = _of_sanic(request, exception)
        else:
            problem = unexpected(request.path, exception)
        answer = response(problem)
        request.app.ctx.observe(request, answer.status)
        return answer


def _of_sanic(request: Request, exception: SanicException) -> Problem:
    status = exception.status_code
    headers = {name: str(value) for name, value in (exception.headers or {}).items()}
    match status:
        case 404:
            return Problem(
                404, "Send tweets with POST to /input; there is nothing here, and /docs says what is."
            )
        case 405:
            return Problem(405, _other_method(request, headers.get("Allow", "")), headers=headers)
        case 408:
            return Problem(408, "Send header and body at once: the request did not arrive in time.")
        case 413 if request.headers:
            return Problem(413, "Send at most 1 MiB in a request; several requests may share what is more.")
        case 413:
            return Problem(413, "Send a shorter address, and fewer or shorter headers: they exceed 8 KiB.")
        case 503 if request.stream and request.stream.request_body:
            # Sanic's word for any time-out after the header; here the body is not complete.
            return Problem(408, "Send header and body at once: the body did not arrive in time.")
        case 503:
            return unavailable("There was no answer in time. Sending it again with the same id is safe.")
        case 417:
            return Problem(417, "Send Expect: 100-continue or no Expect.")
        case _ if 400 <= status < 500:
            said = str(exception)
            return Problem(status, _INSTEAD.get(said) or said or _INSTEAD["Bad Request"], headers=headers)
    return unexpected(request.path, exception)


def _other_method(request: Request, allowed: str) -> str:
    if "POST" in allowed:
        return "Send tweets with POST."
    if request.method == "POST":
        return f"Send tweets to /input; what is here is asked for with {allowed}."
    return f"Ask for this with {allowed}."


_INSTEAD = {
    "Bad Request": "Send HTTP/1.1 (or 1.0): the request's first line or one of its headers cannot be read.",
    "URL may only contain US-ASCII characters.": "Percent-encode what is beyond ASCII in the address.",
    "Bad content-length": "Send one Content-Length, in bytes, or Transfer-Encoding: chunked.",
    "Bad chunked encoding": "Send each chunk with its size in hexadecimal, and an empty one at the end.",
}
"""By what Sanic says about a request that it could not read."""
