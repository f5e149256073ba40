"""What the services' own pages say, asked twice a second while faults strike."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import aiohttp
import msgspec

from operations.local import endpoints
from operations.local.folder import Folder

_PAUSE_SECONDS = 0.5
_PATIENCE_SECONDS = 2.0
_PAGES = {"gateway": ("/healthz", "/readyz"), "streams": ("/healthz", "/stats")}
_USUAL = ("/healthz",)


class Said(NamedTuple):
    at: float
    """`time.monotonic()`"""
    page: str
    """`streams-1/healthz`"""
    what: str


class Health:
    """Asks until cancelled, and keeps what was wrong."""

    def __init__(self, folder: Folder) -> None:
        self.said: list[Said] = []
        self._folder = folder

    async def run(self) -> None:
        timeout = aiohttp.ClientTimeout(total=_PATIENCE_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            while True:
                services = endpoints.read(self._folder).services
                await asyncio.gather(
                    *(
                        self._ask(session, name, base, path)
                        for name, base in services.items()
                        for path in _PAGES.get(name.partition("-")[0], _USUAL)
                    )
                )
                await asyncio.sleep(_PAUSE_SECONDS)

    def between(self, begin: float, end: float) -> list[str]:
        """What was said in this time, each once."""
        return list(dict.fromkeys(f"{one.page}: {one.what}" for one in self.said if begin <= one.at <= end))

    async def _ask(self, session: aiohttp.ClientSession, name: str, base: str, path: str) -> None:
        try:
            async with session.get(base + path) as reply:
                wrong = list(complaints(reply.status, await reply.read()))
        except (aiohttp.ClientError, TimeoutError):
            wrong = ["no answer"]
        now = time.monotonic()
        self.said += [Said(now, name + path, what) for what in wrong]


def complaints(status: int, body: bytes) -> Iterator[str]:
    """What a page says is wrong; nothing where all is well."""
    try:
        fields: Any = msgspec.json.decode(body)
    except msgspec.DecodeError:
        fields = {}
    if not isinstance(fields, dict):
        fields = {}
    if status >= 400:
        yield str(status)
    if fields.get("status") in ("waiting", "stuck"):
        # What it waits for, and not for how long.
        yield f"{fields['status']}: {str(fields.get('reason', '')).partition(':')[0]}"
    for other in ("kafka", "redis"):
        if fields.get(other) == "away":
            yield f"{other} is away"
    if fields.get("complete") is False:
        yield "not complete"
