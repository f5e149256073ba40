"""The history that is not written yet: by partition, what was counted since the last writing, by minute.

Beside the tally it is the second view of the same batches. Here it is only collected, in memory; a stretch of
offsets at a time is added to the documents (`history_writing`). What is lost here, with the worker or because
two stretches do not meet, is in MongoDB's tweets and is counted from there.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable

from streams.decoding import Batch
from streams.tweet_store import Stored

MINUTE_MILLISECONDS = 60_000

MOST_CELLS = 100_000
"""So much of a partition is kept at most (some 20 MB), while it cannot be written."""

Cell = tuple[int, str, tuple[str, ...]]
"""Minutes since the epoch, code of the country, kinds of weather."""


class Stretch:
    """What one life of the topic gave after offset `start` and up to `last`; everything before it is stored.

    `joined` says that all up to `start` is in the documents, so that it may be added to them. `since` is when
    the oldest of it came, None when there is nothing to write.
    """

    def __init__(self, life: int, start: int, since: float | None) -> None:
        self.life = life
        self.start = self.last = start
        self.cells: Counter[Cell] = Counter()
        self.joined = False
        self.elsewhere = False
        """Whether messages before it are stored as another life's: such are looked for among all."""
        self.since = since


class History:
    """The stretches of this worker's partitions."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.stretches: dict[int, Stretch] = {}

    def add(self, batch: Batch, stored: Stored, *, life: int) -> None:
        """Adds the messages of a batch, which follows what the tally has of that life of the topic."""
        partition, after = batch.partition, batch.start - 1
        stretch = self.stretches.get(partition)
        if stored.elsewhere:
            self.begin(partition, life, batch.last).elsewhere = True
            return
        if stretch is None or stretch.life != life or after > stretch.last:
            stretch = self.begin(partition, life, after)
        if batch.last <= stretch.last:
            return
        if stretch.since is None:
            stretch.since = self._clock()
        tweets, kinds = batch.tweets, stored.kinds
        cells = zip(
            [tweet.at // MINUTE_MILLISECONDS for tweet in tweets], [tweet.code for tweet in tweets], kinds,
            strict=True,
        )  # fmt: skip
        if stored.repeats or after < stretch.last:
            last, repeats = stretch.last, stored.repeats
            new = [offset > last and offset not in repeats for offset in batch.offsets]
            stretch.cells.update(cell for cell, is_new in zip(cells, new, strict=True) if is_new)
        else:
            stretch.cells.update(cells)
        stretch.last = batch.last
        if len(stretch.cells) > MOST_CELLS:
            self.begin(partition, life, batch.last)

    def begin(self, partition: int, life: int, after: int) -> Stretch:
        """A new stretch; what there was of the old one has to be counted from the stored tweets."""
        before = self.stretches.get(partition)
        since = before.since if before and before.since is not None else self._clock()
        stretch = self.stretches[partition] = Stretch(life, after, since)
        stretch.elsewhere = bool(before and before.elsewhere)
        return stretch

    def take(self, partition: int) -> Stretch:
        """The stretch, to be written; the next one follows it."""
        taken = self.stretches[partition]
        following = self.stretches[partition] = Stretch(taken.life, taken.last, None)
        following.joined = True
        return taken

    def go_on_after(self, partition: int, offset: int) -> Stretch:
        """Takes note that somebody else has written up to there, beyond where our stretch begins."""
        before = self.stretches[partition]
        stretch = self.begin(partition, before.life, max(before.last, offset))
        stretch.joined = offset >= before.last
        if stretch.joined:
            stretch.since = None
        return stretch

    def keep(self, partitions: Iterable[int]) -> None:
        """Forgets what is of other partitions: whoever has them now counts it from the stored tweets."""
        for partition in self.stretches.keys() - set(partitions):
            del self.stretches[partition]

    def behind_seconds(self) -> float:
        """How long the oldest of what is not written yet waits, 0 if nothing does."""
        now = self._clock()
        return max((now - s.since for s in self.stretches.values() if s.since is not None), default=0.0)
