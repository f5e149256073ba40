"""What one worker process has been given to send, handed out to its users one by one."""

from collections import deque
from collections.abc import Callable

from gevent.event import Event


class Share:
    """The numbers leased to this process.

    `ask(wanted)` must request more from the ledger without waiting; the answer comes by `grant`. It is called
    before the share runs dry, so that users do not wait for the ledger.
    """

    def __init__(self, ask: Callable[[int], None], lease: int) -> None:
        if lease < 1:
            raise ValueError(f"a lease has at least one number, not {lease}")
        self._ask = ask
        self._lease = lease
        self._ranges: deque[tuple[int, int]] = deque()
        self._count = 0
        self._asked = False
        self._has_some = Event()

    def __len__(self) -> int:
        return self._count

    @property
    def head(self) -> int | None:
        """The number that `take` would return now, without taking it."""
        return self._ranges[0][0] if self._ranges else None

    def take(self) -> int | None:
        """The next number to send; None while there is none here (see `wait`)."""
        if self._count <= self._lease // 2:
            self.ask_for_more()
        if not self._ranges:
            return None
        start, stop = self._ranges.popleft()
        if start + 1 < stop:
            self._ranges.appendleft((start + 1, stop))
        self._count -= 1
        if not self._count:
            self._has_some.clear()
        return start

    def ask_for_more(self) -> None:
        """Asks the ledger for a lease, unless an answer is still awaited."""
        if not self._asked:
            self._asked = True
            self._ask(self._lease)

    def wait(self, timeout_seconds: float) -> None:
        """Blocks the calling greenlet until there is something to take, or the time is over."""
        self._has_some.wait(timeout_seconds)

    def grant(self, ranges: list[tuple[int, int]]) -> None:
        """Takes the ledger's answer. After an empty one the share asks again only when `retry` is called."""
        # An empty answer leaves `_asked` set: users that find nothing must not flood the ledger.
        self._asked = not ranges
        self._add(ranges)

    def retry(self) -> None:
        """Lets the share ask again: other workers may have given numbers back."""
        self._asked = False

    def put_back(self, number: int) -> None:
        """Returns a number whose request was cut off; it is the next to be taken."""
        self._ranges.appendleft((number, number + 1))
        self._count += 1
        self._has_some.set()

    def give_up(self) -> list[tuple[int, int]]:
        """Empties the share and returns what was in it, for the ledger."""
        ranges = list(self._ranges)
        self._ranges.clear()
        self._count = 0
        self._has_some.clear()
        return ranges

    def _add(self, ranges: list[tuple[int, int]]) -> None:
        for start, stop in ranges:
            self._ranges.append((start, stop))
            self._count += stop - start
        if self._count:
            self._has_some.set()
