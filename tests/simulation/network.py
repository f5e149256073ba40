"""What may happen to a request between a worker and a store: it takes its time, is lost, or its answer is."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any, TypeVar

Answer = TypeVar("Answer")

_USUAL_SECONDS = 0.02
_SLOW_SECONDS = 1.5


class Host:
    """The machine that a worker runs on: it may stand still for a while, or be off."""

    def __init__(self) -> None:
        self._runs = asyncio.Event()
        self._runs.set()
        self.dead = False

    @property
    def frozen(self) -> bool:
        return not self._runs.is_set()

    def freeze(self) -> None:
        self._runs.clear()

    def thaw(self) -> None:
        self._runs.set()

    async def running(self) -> None:
        """Returns when it runs; never, if it is off."""
        if self.dead:
            await asyncio.Event().wait()
        await self._runs.wait()


class Network:
    """Between the workers and the stores. What has been sent arrives, even if its sender is dead by then."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._away_until: dict[str, float] = {}
        self.lossy = True

    def take_away(self, store: str, seconds: float) -> None:
        """Nobody reaches the store for so long."""
        self._away_until[store] = asyncio.get_running_loop().time() + seconds

    def bring_back(self) -> None:
        """From now on all stores are there, and nothing is lost."""
        self._away_until.clear()
        self.lossy = False

    async def request(
        self, host: Host, store: str, apply: Callable[[], Answer], lost: Callable[[str], Exception]
    ) -> Answer:
        """Has the store apply it, exactly once or not at all; the answer, or the error that `lost` makes."""
        await host.running()
        # What is asked of Kafka itself, its client asks again.
        draw = self._chance.random() if self.lossy and store != "kafka" else 1.0
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answer] = loop.create_future()
        # Nobody's task: the request is on its way, whatever becomes of who sent it.
        loop.call_later(self._seconds(), self._arrive, store, apply, lost, draw, answer)
        with suppress(Exception):
            await answer
        await host.running()
        return answer.result()

    def _arrive(
        self,
        store: str,
        apply: Callable[[], Answer],
        lost: Callable[[str], Exception],
        draw: float,
        answer: "asyncio.Future[Answer]",
    ) -> None:
        loop = asyncio.get_running_loop()
        away = self._away_until.get(store, 0.0) > loop.time()
        if away or draw < 0.01:
            _settle(answer, error=lost("the request was lost"))
            return
        try:
            result = apply()
        except Exception as refusal:  # noqa: BLE001 (what the store refuses is its answer)
            _settle(answer, error=refusal)
            return
        error = lost("the answer was lost") if draw < 0.02 else None
        loop.call_later(self._seconds(), _settle, answer, result, error)

    def _seconds(self) -> float:
        slow = self._chance.random() < 0.03
        return self._chance.uniform(0.0005, _SLOW_SECONDS if slow else _USUAL_SECONDS)


def _settle(answer: "asyncio.Future[Any]", result: object = None, error: Exception | None = None) -> None:
    """Whoever waited for it may be dead."""
    if answer.done():
        return
    if error:
        answer.set_exception(error)
    else:
        answer.set_result(result)
