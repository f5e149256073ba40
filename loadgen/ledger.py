"""Who sends which tweet, so that the swarm as a whole sends exactly as many as were asked for.

Tweets are numbered from 0. The ledger (one, in the process that leads) leases ranges of numbers to workers;
a worker reports how many it has settled and gives back what it will not send. A number is leased to one
worker at a time, so however users and processes come and go, none is sent twice and none is left out.
"""

from collections import deque


class Ledger:
    """The numbers 0 … `total`-1, each free, leased to one worker, settled, or lost with its worker."""

    def __init__(self, total: int) -> None:
        if total < 1:
            raise ValueError(f"at least one tweet must be asked for, not {total}")
        self.total = total
        self.settled = 0
        self.lost = 0
        self._free = deque([(0, total)])
        self._held: dict[str, int] = {}
        self._gone: set[str] = set()

    @property
    def complete(self) -> bool:
        """Nothing is left to send and nothing is under way."""
        return self.settled + self.lost >= self.total

    @property
    def workers(self) -> tuple[str, ...]:
        """The workers that hold numbers now."""
        return tuple(worker for worker, held in self._held.items() if held)

    def lease(self, worker: str, wanted: int) -> list[tuple[int, int]]:
        """Up to `wanted` numbers as half-open ranges; empty when none is free now (some may come back)."""
        ranges = []
        while wanted > 0 and self._free and worker not in self._gone:
            start, stop = self._free.popleft()
            cut = min(stop, start + wanted)
            if cut < stop:
                self._free.appendleft((cut, stop))
            ranges.append((start, cut))
            wanted -= cut - start
            self._held[worker] = self._held.get(worker, 0) + cut - start
        return ranges

    def settle(self, worker: str, count: int) -> bool:
        """Counts `count` numbers of the worker as done; False for a worker that was given up before."""
        if worker in self._gone:
            return False
        self._held[worker] -= count
        self.settled += count
        return True

    def give_back(self, worker: str, ranges: list[tuple[int, int]]) -> None:
        """Makes ranges that the worker will not send free for others."""
        if worker in self._gone:
            return
        for start, stop in ranges:
            self._held[worker] -= stop - start
            self._free.appendleft((start, stop))

    def give_up(self, worker: str) -> int:
        """Counts what a dead worker held as lost, and returns how many that is.

        They are not sent again: which of them it had sent is not known.
        """
        self._gone.add(worker)
        held = self._held.pop(worker, 0)
        self.lost += held
        return held
