"""Sanic alone, answering a POST without any work; the argument is its port."""

import sys
from typing import Any

from sanic import HTTPResponse, Request, Sanic

from gateway.app import SANIC_OPTIONS
from gateway.workers import BACKLOG, listen

_ANSWER = b'{"id":"0198c2f4-8a51-7c3e-9d07-5b1f0e6a4c21"}'


def main() -> None:
    app: Sanic[Any, Any] = Sanic("sanic-floor", configure_logging=False)
    app.config.update(SANIC_OPTIONS)

    @app.post("/input")
    async def submit(request: Request) -> HTTPResponse:  # noqa: ARG001
        return HTTPResponse(_ANSWER, 202, content_type="application/json")

    @app.get("/healthz")
    async def healthz(request: Request) -> HTTPResponse:  # noqa: ARG001
        return HTTPResponse()

    # As the gateway is served (gateway/serving.py), but by Sanic's own protocol.
    app.prepare(sock=listen("127.0.0.1", int(sys.argv[1])), backlog=BACKLOG, motd=False, single_process=True)
    Sanic.serve_single(primary=app)


if __name__ == "__main__":
    main()
