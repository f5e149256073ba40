"""The consumer group: who has which partitions, in which generation, and what was acknowledged."""

import asyncio
from random import Random
from typing import NamedTuple

from tests.simulation.topic import Topic

SESSION_SECONDS = 8.0
REBALANCE_SECONDS = 15.0
"""How long the others are waited for."""


class Assignment(NamedTuple):
    generation: int
    partitions: frozenset[int]


class _Member:
    def __init__(self, now: float) -> None:
        self.seen_at = now
        self.joined: asyncio.Future[Assignment] | None = None


class Group:
    def __init__(self, topic: Topic, chance: Random) -> None:
        self._topic = topic
        self._chance = chance
        self._members: dict[str, _Member] = {}
        self._rebalance_wanted = asyncio.Event()
        self._joining = False
        self.generation = 0
        self.acknowledged: dict[int, int] = {}
        self.refused_commits = 0

    async def join(self, name: str) -> Assignment:
        """Waits for the next generation; the member's partitions in it."""
        member = self._members.setdefault(name, _Member(self._now()))
        member.joined = asyncio.get_running_loop().create_future()
        if not self._joining:
            self._rebalance_wanted.set()
        return await member.joined

    def leave(self, name: str) -> None:
        if self._members.pop(name, None):
            self._rebalance_wanted.set()

    def heartbeat(self, name: str) -> bool:
        """Whether the member may go on; if not it has to join anew."""
        member = self._members.get(name)
        if member is None:
            return False
        member.seen_at = self._now()
        return not self._joining or member.joined is not None

    def rebalance(self) -> None:
        """As when a client notices that there are more partitions than before."""
        self._rebalance_wanted.set()

    def commit(self, name: str, generation: int, offsets: dict[int, int]) -> None:
        """Refused if it comes from a generation that is over."""
        if generation != self.generation or name not in self._members:
            self.refused_commits += 1
            return
        self.acknowledged |= offsets

    async def watch_members(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            for name, member in list(self._members.items()):
                if member.joined is None and self._now() - member.seen_at > SESSION_SECONDS:
                    self.leave(name)

    async def lead(self) -> None:
        while True:
            await self._rebalance_wanted.wait()
            self._joining = True
            deadline = self._now() + REBALANCE_SECONDS
            await asyncio.sleep(self._chance.uniform(0.05, 0.5))
            while self._now() < deadline and any(m.joined is None for m in self._members.values()):
                await asyncio.sleep(0.1)
            self._rebalance_wanted.clear()
            for name in [name for name, member in self._members.items() if member.joined is None]:
                del self._members[name]
            self._assign()
            self._joining = False

    def _assign(self) -> None:
        self.generation += 1
        names = sorted(self._members)
        partitions = list(range(len(self._topic.partitions)))
        self._chance.shuffle(partitions)
        for number, name in enumerate(names):
            member = self._members[name]
            joined, member.joined = member.joined, None
            member.seen_at = self._now()
            if joined and not joined.done():
                own = partitions[number :: len(names)]
                joined.set_result(Assignment(self.generation, frozenset(own)))

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
