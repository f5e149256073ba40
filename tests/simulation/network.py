"""What may happen to a request between a worker and a store: it takes its time, is lost, or its answer is."""

import asyncio
from collections.abc import Callable
from random import Random
from typing import TypeVar

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
        self._on_the_way: set[asyncio.Task[None]] = set()
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
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        answer.add_done_callback(_seen)
        delivery = asyncio.create_task(self._deliver(store, apply, lost, draw, answer))
        self._on_the_way.add(delivery)
        delivery.add_done_callback(self._on_the_way.discard)
        # Not its sender's task: the request is on its way, whatever becomes of who sent it.
        await asyncio.wait([answer])
        await host.running()
        return answer.result()

    async def _deliver(
        self,
        store: str,
        apply: Callable[[], Answer],
        lost: Callable[[str], Exception],
        draw: float,
        answer: "asyncio.Future[Answer]",
    ) -> None:
        await self._pause()
        away = self._away_until.get(store, 0.0) > asyncio.get_running_loop().time()
        if away or draw < 0.01:
            answer.set_exception(lost("the request was lost"))
            return
        try:
            result = apply()
        except Exception as error:  # noqa: BLE001 (what the store refuses is its answer)
            answer.set_exception(error)
            return
        await self._pause()
        if draw < 0.02:
            answer.set_exception(lost("the answer was lost"))
        else:
            answer.set_result(result)

    async def _pause(self) -> None:
        slow = self._chance.random() < 0.03
        await asyncio.sleep(self._chance.uniform(0.0005, _SLOW_SECONDS if slow else _USUAL_SECONDS))


def _seen(answer: "asyncio.Future[Answer]") -> None:
    """Whoever waited for it may be dead: no complaint about an error that nobody took."""
    if not answer.cancelled():
        answer.exception()
