"""Pages of other origins (CORS, as the Fetch standard has it): none may send, unless a setting names them."""

from typing import Any

from sanic import HTTPResponse, Request, Sanic
from sanic.response import BaseHTTPResponse

from gateway.problems import Problem
from gateway.rate_limit_fields import LIMIT, POLICY

_PREFLIGHT = {
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key",
    "Access-Control-Max-Age": "600",
}
# What a page may read beside the type and the length.
_EXPOSED = f"Accept-Post, Allow, {LIMIT}, {POLICY}, Retry-After, WWW-Authenticate"


def admit(app: Sanic[Any, Any], allowed: str) -> None:
    """Lets pages of these origins (a comma-separated list, `*` for any) send tweets and read the answers."""
    origins = {each.strip().rstrip("/").lower() for each in allowed.split(",") if each.strip()}

    def is_admitted(origin: str | None) -> bool:
        return origin is not None and ("*" in origins or origin.lower() in origins)

    async def preflight(request: Request) -> HTTPResponse:
        if not is_admitted(request.headers.get("origin")):
            raise Problem(
                403, "Send from a page whose origin WEATHER_GATEWAY_ORIGINS names, or from no page."
            )
        request.app.ctx.observe(request, 204)
        return HTTPResponse(status=204, headers=_PREFLIGHT)

    async def let_read(request: Request, response: BaseHTTPResponse) -> None:
        origin = request.headers.get("origin")
        response.headers.add("Vary", "Origin")
        if is_admitted(origin):
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = _EXPOSED

    app.add_route(preflight, "/input", methods=["OPTIONS"])
    app.register_middleware(let_read, "response")
