import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from operations.chaos.client import Client, Ledger

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def _run(handler: Handler, seconds: float = 0.5) -> Ledger:
    application = web.Application()
    application.router.add_post("/input", handler)
    async with TestServer(application) as server:
        client = Client(str(server.make_url("/input")), clients=4, rate_per_second=200, seed=1)
        running = asyncio.create_task(client.run(settle_seconds=5))
        await asyncio.sleep(seconds)
        client.stop()
        await running
        return client.ledger


def _accepted(request: web.Request) -> web.Response:
    return web.json_response({"id": request.headers["Idempotency-Key"]}, status=202)


async def test_every_accepted_tweet_is_in_the_ledger() -> None:
    seen: list[Any] = []

    async def accept(request: web.Request) -> web.Response:
        seen.append(await request.json())
        return _accepted(request)

    ledger = await _run(accept)
    assert ledger.acknowledged == ledger.sent
    assert len(seen) == len(ledger.sent) > 0
    assert set(seen[0]) == {"texto", "país"}
    assert ledger.wrong_ids == 0


async def test_it_sends_with_the_key_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEATHER_KEY", "wt_a-key")
    seen: set[str | None] = set()

    async def accept(request: web.Request) -> web.Response:
        seen.add(request.headers.get("Authorization"))
        return _accepted(request)

    await _run(accept, seconds=0.1)
    assert seen == {"Bearer wt_a-key"}


async def test_a_refused_tweet_is_sent_again_with_the_same_key_until_it_is_accepted() -> None:
    attempts: dict[str, int] = {}

    async def refuse_twice(request: web.Request) -> web.Response:
        key = request.headers["Idempotency-Key"]
        attempts[key] = attempts.get(key, 0) + 1
        return _accepted(request) if attempts[key] == 3 else web.Response(status=503)

    ledger = await _run(refuse_twice)
    assert ledger.acknowledged == ledger.sent == set(attempts)
    assert set(attempts.values()) == {3}
    assert ledger.refusals == {"503": 2 * len(attempts)}


async def test_a_broken_connection_is_tried_again() -> None:
    broken: set[str] = set()

    async def break_once(request: web.Request) -> web.Response:
        key = request.headers["Idempotency-Key"]
        if key not in broken:
            broken.add(key)
            assert request.transport is not None
            request.transport.abort()
        return _accepted(request)

    ledger = await _run(break_once)
    assert ledger.acknowledged == ledger.sent
    assert sum(ledger.refusals.values()) >= len(ledger.sent)


async def test_an_answer_with_another_id_is_noticed() -> None:
    async def confuse(request: web.Request) -> web.Response:  # noqa: ARG001
        return web.json_response({"id": "another"}, status=202)

    assert (await _run(confuse)).wrong_ids > 0


def test_accepting_resumes_with_the_first_attempt_that_began_after_the_fault() -> None:
    ledger = Ledger(accepted_at=[1.0, 2.5, 4.0], attempted_at=[0.9, 1.9, 3.8])
    assert ledger.accepting_since(2.0) == 4.0
    assert ledger.accepting_since(5.0) is None


async def test_while_it_is_held_nothing_is_sent_and_all_that_was_sent_is_acknowledged() -> None:
    attempts: list[str] = []

    async def refuse_first(request: web.Request) -> web.Response:
        key = request.headers["Idempotency-Key"]
        attempts.append(key)
        return _accepted(request) if attempts.count(key) > 1 else web.Response(status=503)

    application = web.Application()
    application.router.add_post("/input", refuse_first)
    async with TestServer(application) as server:
        client = Client(str(server.make_url("/input")), clients=4, rate_per_second=200, seed=1)
        running = asyncio.create_task(client.run(settle_seconds=5))
        while not attempts:
            await asyncio.sleep(0.01)
        async with client.held():
            assert client.ledger.acknowledged == client.ledger.sent
            sent = len(attempts)
            await asyncio.sleep(0.1)
            assert len(attempts) == sent
        while len(attempts) == sent:
            await asyncio.sleep(0.01)
        client.stop()
        await running


def test_a_gap_is_the_longest_time_between_two_acceptances() -> None:
    ledger = Ledger(accepted_at=[1.0, 2.0, 7.0, 8.0])
    assert ledger.longest_gap(1.5, 9.0) == 5.0
    assert ledger.longest_gap(7.5, 12.0) == 4.0
    assert ledger.longest_gap(20.0, 21.0) == 1.0
