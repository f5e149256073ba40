"""A gateway that runs in the test's own event loop, and its client."""

import asyncio
import io
import itertools
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from prometheus_client import CollectorRegistry
from sanic import Sanic

from gateway.app import create_app
from gateway.direct import DirectHttpProtocol
from gateway.protocol import PunctualHttpProtocol
from weather_tweets.settings import GatewaySettings, MongoSettings

DEADLINE_SECONDS = 60
TWEET = {"texto": "Llueve de nuevo", "país": "Guatemala"}

_numbers = itertools.count()


@dataclass
class Answer:
    status: int
    headers: Any
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def problem(self) -> dict[str, Any]:
        """The problem document, after a look at what all of them have in common."""
        assert self.headers["Content-Type"] == "application/problem+json"
        document: dict[str, Any] = self.json()
        assert document["status"] == self.status
        assert document["title"]
        assert document["detail"]
        assert ("Retry-After" in self.headers) == (self.status in (429, 503))
        return document


@dataclass
class Door:
    """An open gateway."""

    app: Sanic[Any, Any]
    port: int
    registry: CollectorRegistry
    session: aiohttp.ClientSession

    async def request(self, method: str, path: str, **options: Any) -> Answer:
        async with (
            asyncio.timeout(DEADLINE_SECONDS),
            self.session.request(method, path, **options) as answer,
        ):
            return Answer(answer.status, answer.headers, await answer.read())

    async def get(self, path: str, **headers: str) -> Answer:
        return await self.request("GET", path, headers=headers)

    async def post(self, submitted: Any = TWEET, **headers: str) -> Answer:
        return await self.request("POST", "/input", json=submitted, headers=headers)

    async def post_bytes(self, body: bytes, content_type: str = "application/json", **headers: str) -> Answer:
        return await self.request(
            "POST", "/input", data=io.BytesIO(body), headers={"Content-Type": content_type, **headers}
        )

    async def raw(self, sent: bytes) -> bytes:
        """What comes back for these bytes until the gateway closes the connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                writer.write(sent)
                return await reader.read()
        finally:
            writer.close()

    async def wait_until_ready(self) -> None:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while (await self.get("/readyz")).status != 200:
                await asyncio.sleep(0.02)

    def metric(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(f"weather_gateway_{name}", labels) or 0.0


@asynccontextmanager
async def opened(
    protocol: type[PunctualHttpProtocol] = DirectHttpProtocol,
    mongo: MongoSettings | None = None,
    **settings: Any,
) -> AsyncIterator[Door]:
    """A gateway with these settings; by default it feeds nobody."""
    registry = CollectorRegistry()
    app = create_app(
        GatewaySettings(**{"writer_url": "", **settings}),
        mongo=mongo,
        registry=registry,
        name=f"gateway-{next(_numbers)}",
    )
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    server: Any = await app.create_server(sock=listening, protocol=protocol, return_asyncio_server=True)
    assert server
    await server.startup()
    await server.before_start()
    await server.after_start()
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            yield Door(app, port, registry, session)
    finally:
        await server.before_stop()
        await server.close()
        for connection in list(server.connections):
            connection.abort()
        await server.after_stop()
        Sanic.unregister_app(app)
