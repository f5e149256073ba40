"""A writer on a free port, and the two kinds of clients that it has."""

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import aiohttp
import pytest
from prometheus_client import CollectorRegistry
from pydantic import SecretStr
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from weather_tweets import countries
from weather_tweets.settings import RedisSettings, WriterSettings
from weather_tweets.tweet import Tweet, encode
from ws_writer import server

TOKEN = "a token for tests"
DEADLINE_SECONDS = 60.0

T = TypeVar("T")


def tweet(code: str = "GT", text: str = "Llueve de nuevo") -> Tweet:
    """An accepted tweet."""
    name = countries.by_code()[code].name
    return Tweet(id=str(uuid.uuid4()), text=text, country=name, code=code, at=int(time.time() * 1000))


def frame(*tweets: Tweet) -> str:
    """The frame of `/ingest` with these tweets."""
    return encode(list(tweets)).decode()


async def until(
    look: Callable[[], Awaitable[T]], is_right: Callable[[T], bool], *, seconds: float = DEADLINE_SECONDS
) -> T:
    """What `look` gives as soon as it is right; fails with what it gave last."""
    deadline = time.monotonic() + seconds
    while not is_right(seen := await look()):
        if time.monotonic() > deadline:
            pytest.fail(f"still not right: {seen!r}")
        await asyncio.sleep(0.02)
    return seen


async def close_code(connection: ClientConnection) -> int | None:
    """Reads until the server closes, and gives the code it closes with."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        try:
            while True:
                await connection.recv()
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None


@dataclass
class Viewer:
    """A viewer that keeps what it is shown, as the live page does."""

    connection: ClientConnection
    accepted: int = 0
    processed: int = 0
    countries: dict[str, int] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    rate: list[list[int]] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    accepted_seen: list[int] = field(default_factory=list)

    async def see(self) -> dict[str, Any]:
        """The next message, applied."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            message: dict[str, Any] = json.loads(await self.connection.recv())
        self.kinds.append(message["type"])
        self.accepted = message["accepted"]
        self.processed = message["processed"]
        self.accepted_seen.append(self.accepted)
        self.countries.update(message.get("countries", {}))
        self.texts[:0] = [each["texto"] for each in message.get("recent", [])]
        self.rate.extend(message.get("rate", []))
        return message

    async def see_until(self, is_right: Callable[["Viewer"], bool]) -> None:
        """Reads until the condition holds."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not is_right(self):
            if time.monotonic() > deadline:
                pytest.fail(f"never shown: {self}")
            await self.see()


@dataclass
class Writer:
    """A running writer."""

    port: int
    registry: CollectorRegistry

    def url(self, path: str) -> str:
        """WebSocket URL of a path."""
        return f"ws://127.0.0.1:{self.port}{path}"

    def metric(self, name: str, **labels: str) -> float:
        """The value of a metric, 0 before it was touched."""
        return self.registry.get_sample_value(name, labels) or 0.0

    async def health(self) -> dict[str, Any]:
        """What `/healthz` says."""
        url = f"http://127.0.0.1:{self.port}/healthz"
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            health: dict[str, Any] = await response.json()
            return health

    @asynccontextmanager
    async def feed(self, token: str = TOKEN) -> AsyncIterator[ClientConnection]:
        """A connection of `/ingest`."""
        headers = {"Authorization": f"Bearer {token}"}
        async with connect(self.url("/ingest"), additional_headers=headers, compression=None) as feed:
            yield feed

    @asynccontextmanager
    async def viewer(self, path: str = "/live") -> AsyncIterator[Viewer]:
        """A viewer that was shown its snapshot."""
        async with connect(self.url(path)) as connection:
            viewer = Viewer(connection)
            await viewer.see()
            yield viewer


@asynccontextmanager
async def running(redis_url: str, **settings: Any) -> AsyncIterator[Writer]:
    """A writer with these settings over the defaults of tests."""
    registry = CollectorRegistry()
    given: dict[str, Any] = {"port": 0, "token": TOKEN, "drain_seconds": 2} | settings
    redis = RedisSettings(url=SecretStr(redis_url))
    async with server.running(WriterSettings(**given), redis, registry) as port:
        yield Writer(port, registry)
