"""Group commit: what is handed in while a write is under way goes into the next one, together.

A write costs both sides nearly the same whether it brings three records or thirty, and takes as long. So the
partitions that wait for the same store wait for one write of all of them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import accumulate
from typing import Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class GroupCommit(Generic[Item, Answer]):
    """Puts the writes of concurrent callers together; one is under way at a time."""

    def __init__(
        self,
        write: Callable[[list[Item]], Awaitable[Sequence[Answer]]],
        *,
        size: Callable[[Item], int] = lambda _: 1,
        most: int,
    ) -> None:
        """`write` gets the items in the order in which they were handed in, and has an answer for each.

        Of what is waiting as many go together as have at most the size `most`, and always one.
        """
        self._write = write
        self._size = size
        self._most = most
        self._waiting: list[tuple[Item, asyncio.Future[Answer]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def __call__(self, item: Item) -> Answer:
        """The answer to the item. Raises what the write of its group raised.

        If the caller is cancelled, the item may be written all the same.
        """
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        if self._writer is None:
            # It begins when this turn of the loop is over: whoever comes in the same turn comes along.
            self._writer = asyncio.create_task(self._write_groups(), name="group-commit")
        return await answer

    async def _write_groups(self) -> None:
        try:
            while self._waiting:
                await self._write_group(self._next_group())
        finally:
            self._writer = None

    def _next_group(self) -> list[tuple[Item, "asyncio.Future[Answer]"]]:
        sizes = accumulate(self._size(item) for item, _ in self._waiting)
        count = max(1, sum(size <= self._most for size in sizes))
        group, self._waiting = self._waiting[:count], self._waiting[count:]
        return group

    async def _write_group(self, group: list[tuple[Item, "asyncio.Future[Answer]"]]) -> None:
        try:
            answers = await self._write([item for item, _ in group])
        except Exception as error:  # noqa: BLE001 (each caller gets it)
            for _, future in group:
                if not future.done():
                    future.set_exception(error)
        else:
            for (_, future), answer in zip(group, answers, strict=True):
                if not future.done():
                    future.set_result(answer)
