"""The key of a request that Sanic reads."""

from sanic import Request

from gateway.keys.sender import Sender


def sender_of(request: Request) -> Sender:
    """Whose key it is. Raises `Problem`: 401 or 403."""
    # Given twice it is one value with a comma (RFC 9110, section 5.3), and no key.
    values = request.headers.getall("authorization", [])
    authorization = ", ".join(values).encode("utf-8", "surrogateescape") if values else None
    sender: Sender = request.app.ctx.key_ring.sender(authorization)
    return sender
