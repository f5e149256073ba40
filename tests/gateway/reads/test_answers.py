"""One computation for all who ask the same, and only so many at a time."""

import asyncio
from collections.abc import Iterable

import pytest
from prometheus_client import CollectorRegistry
from pymongo.errors import ExecutionTimeout, ServerSelectionTimeoutError

from gateway.problems import Problem
from gateway.reads.answers import Answer, Answers
from weather_tweets.metrics import GatewayMetrics


class Bench:
    def __init__(self, *, most: int = 2, seconds: float = 60) -> None:
        self.now = 0.0
        self.computed = 0
        self.may_end = asyncio.Event()
        self.answers = Answers(
            GatewayMetrics(CollectorRegistry()), most=most, seconds=seconds, clock=lambda: self.now
        )

    async def slow(self) -> bytes:
        self.computed += 1
        await self.may_end.wait()
        return b"%d" % self.computed

    async def refused(self, question: str) -> str:
        with pytest.raises(Problem) as refused:
            await self.answers.get(question, self.slow)
        assert refused.value.status == 503
        assert "Retry-After" in refused.value.headers
        return refused.value.detail


async def test_who_asks_the_same_shares_the_answer() -> None:
    bench = Bench()
    asking = [asyncio.create_task(bench.answers.get("a", bench.slow)) for _ in range(5)]
    await asyncio.sleep(0)
    bench.may_end.set()
    assert {(await each).body for each in asking} == {b"1"}
    assert (await bench.answers.get("a", bench.slow)).body == b"1"
    bench.now += 1.1
    assert (await bench.answers.get("a", bench.slow)).body == b"2"


async def _begun(bench: Bench, questions: Iterable[object]) -> list["asyncio.Task[Answer]"]:
    asking = [asyncio.create_task(bench.answers.get(each, bench.slow)) for each in questions]
    for _ in range(3):
        await asyncio.sleep(0)
    return asking


async def test_only_so_many_are_answered_at_once_and_the_others_wait_for_their_turn() -> None:
    bench = Bench(most=2)
    asking = await _begun(bench, "abcde")
    assert bench.computed == 2
    bench.may_end.set()
    assert len({(await each).body for each in asking}) > 1
    assert bench.computed == 5


async def test_more_questions_than_may_wait_are_refused() -> None:
    bench = Bench(most=2)
    asking = await _begun(bench, range(18))
    assert "Too many" in await bench.refused("c")
    bench.may_end.set()
    await asyncio.gather(*asking)
    assert (await bench.answers.get("c", bench.slow)).body == b"19"


async def test_whose_turn_does_not_come_in_time_hears_that_there_are_too_many() -> None:
    bench = Bench(most=1, seconds=0.01)
    (first,) = await _begun(bench, "a")
    assert "Too many" in await bench.refused("b")
    with pytest.raises(Problem, match="took too long"):
        await first


async def test_for_one_who_hung_up_while_waiting_nothing_is_computed() -> None:
    bench = Bench(most=1)
    first, second = await _begun(bench, "ab")
    second.cancel()
    await asyncio.wait([second])
    bench.may_end.set()
    assert (await first).body == b"1"
    assert (await bench.answers.get("c", bench.slow)).body == b"2"


async def test_one_who_hangs_up_takes_nothing_from_the_others() -> None:
    bench = Bench()
    first, second = (asyncio.create_task(bench.answers.get("a", bench.slow)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    bench.may_end.set()
    assert (await second).body == b"1"


async def test_a_slow_answer_is_not_waited_for_but_there_for_the_next() -> None:
    bench = Bench(seconds=0.01)
    assert "took too long" in await bench.refused("a")
    bench.may_end.set()
    assert (await bench.answers.get("a", bench.slow)).body == b"1"


async def test_a_database_that_is_away_is_not_asked_again_at_once() -> None:
    bench = Bench()
    calls = 0

    async def fail() -> bytes:
        nonlocal calls
        calls += 1
        raise ServerSelectionTimeoutError("mongodb://user:secret@away")

    for question in "ab":
        with pytest.raises(Problem) as refused:
            await bench.answers.get(question, fail)
        assert "secret" not in refused.value.detail
    assert calls == 1
    bench.now += 1.1
    with pytest.raises(Problem):
        await bench.answers.get("a", fail)
    assert calls == 2


async def test_a_question_that_takes_the_database_too_long_keeps_nobody_else_away() -> None:
    bench = Bench()
    bench.may_end.set()

    async def fail() -> bytes:
        raise ExecutionTimeout("operation exceeded time limit")

    with pytest.raises(Problem, match="took too long"):
        await bench.answers.get("a", fail)
    assert (await bench.answers.get("b", bench.slow)).body == b"1"


async def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.reads.answers._MOST_BYTES", 1000)
    bench = Bench()

    async def large() -> bytes:
        bench.computed += 1
        return b"x" * 400

    for number in range(10):
        await bench.answers.get(number, large)
    await bench.answers.get(9, large)
    assert bench.computed == 10
    await bench.answers.get(0, large)
    assert bench.computed == 11
