"""The client of a chaos run: sends without pause, never gives an id up, and keeps what was promised to it."""

import asyncio
import bisect
import random
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise

import aiohttp
import msgspec

from weather_tweets import countries
from weather_tweets.settings import ClientSettings

# A request that takes longer is sent again with the same key; longer than the gateway's own deadline would
# hide its 503s, much shorter would only produce repeats.
_ATTEMPT_TIMEOUT_SECONDS = 5.0
_RETRY_SECONDS = 0.2


@dataclass(slots=True)
class Ledger:
    """What the client sent and what it was promised; times are `time.monotonic()`."""

    sent: set[str] = field(default_factory=set)
    acknowledged: set[str] = field(default_factory=set)
    accepted_at: list[float] = field(default_factory=list)
    """When each tweet was accepted, ascending."""
    attempted_at: list[float] = field(default_factory=list)
    """When the attempt began that was accepted at the same position."""
    refusals: dict[str, int] = field(default_factory=dict)
    """How often an attempt failed, by status or error."""
    wrong_ids: int = 0
    """Answers whose id was not the key that was sent."""

    def accepting_since(self, moment: float) -> float | None:
        """When the first attempt begun after `moment` was accepted; None if none was."""
        start = bisect.bisect(self.accepted_at, moment)
        accepted_and_attempted = zip(self.accepted_at[start:], self.attempted_at[start:], strict=True)
        return next((accepted for accepted, attempted in accepted_and_attempted if attempted >= moment), None)

    def longest_gap(self, begin: float, end: float) -> float:
        """The longest time between two acceptances, of that between these moments."""
        moments = self.accepted_at
        inside = moments[bisect.bisect(moments, begin) : bisect.bisect(moments, end)]
        edges = [begin, *inside, end]
        return max(after - before for before, after in pairwise(edges))


class Client:
    """`clients` concurrent senders at `rate_per_second` in all, until stopped."""

    def __init__(self, url: str, *, clients: int, rate_per_second: float, seed: int) -> None:
        self.ledger = Ledger()
        self._url = url
        self._clients = clients
        self._pause_seconds = clients / rate_per_second
        self._chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self._countries = [country.name for country in countries.by_code().values()]
        self._stopping = asyncio.Event()
        self._under_way = 0
        self._may_send = asyncio.Event()
        self._may_send.set()

    async def run(self, settle_seconds: float = 60.0) -> None:
        """Sends until `stop()`, then until every tweet sent is acknowledged, for `settle_seconds` at most."""
        timeout = aiohttp.ClientTimeout(total=_ATTEMPT_TIMEOUT_SECONDS)
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(
            timeout=timeout, connector=connector, headers=ClientSettings().headers
        ) as session:
            senders = asyncio.gather(*(self._sender(session) for _ in range(self._clients)))
            await self._stopping.wait()
            try:
                await asyncio.wait_for(senders, settle_seconds)
            except TimeoutError:
                # What is still open was never acknowledged: it may be stored or not.
                self.ledger.refusals["never acknowledged"] = len(self.ledger.sent - self.ledger.acknowledged)

    def stop(self) -> None:
        """No new tweets from now on; those sent are still brought to an end."""
        self._stopping.set()

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """While this is open nothing is sent; it opens when every tweet that was sent is acknowledged."""
        self._may_send.clear()
        try:
            while self._under_way:  # noqa: ASYNC110 (a senders' round is short)
                await asyncio.sleep(_RETRY_SECONDS)
            # An attempt that was given up may still arrive: until the gateway's own deadline is over.
            await asyncio.sleep(_ATTEMPT_TIMEOUT_SECONDS)
            yield
        finally:
            self._may_send.set()

    async def _sender(self, session: aiohttp.ClientSession) -> None:
        await asyncio.sleep(self._chance.uniform(0, self._pause_seconds))
        while not self._stopping.is_set():
            await self._may_send.wait()
            began = time.monotonic()
            self._under_way += 1
            try:
                await self._send(session, str(uuid.uuid4()))
            finally:
                self._under_way -= 1
            left = began + self._pause_seconds - time.monotonic()
            if left > 0:
                await asyncio.sleep(left)

    async def _send(self, session: aiohttp.ClientSession, key: str) -> None:
        body = msgspec.json.encode(
            {"texto": f"Llueve {key[:8]}", "país": self._chance.choice(self._countries)}
        )
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        self.ledger.sent.add(key)
        while True:
            attempted = time.monotonic()
            try:
                async with session.post(self._url, data=body, headers=headers) as answer:
                    if answer.status == 202:
                        self._settle(key, (await answer.json())["id"], attempted)
                        return
                    outcome = str(answer.status)
            except (aiohttp.ClientError, TimeoutError) as error:
                outcome = type(error).__name__
            self.ledger.refusals[outcome] = self.ledger.refusals.get(outcome, 0) + 1
            await asyncio.sleep(_RETRY_SECONDS)

    def _settle(self, key: str, answered: str, attempted: float) -> None:
        ledger = self.ledger
        ledger.wrong_ids += answered != key
        ledger.acknowledged.add(key)
        ledger.accepted_at.append(time.monotonic())
        ledger.attempted_at.append(attempted)
