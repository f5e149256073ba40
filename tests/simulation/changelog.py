"""The changelog of the table: what workers wrote, in the order in which it arrived."""

from collections import defaultdict


class Changelog:
    """Nobody is refused: a zombie's records stand beside the owner's."""

    def __init__(self) -> None:
        self._values: defaultdict[int, list[bytes]] = defaultdict(list)

    def append(self, partition: int, value: bytes) -> None:
        self._values[partition].append(value)

    def last(self, partition: int, *, but: int = 0) -> bytes | None:
        """The value that a recovery ends with; `but` says how many records short of the end it stops."""
        values = self._values[partition]
        return values[-1 - but] if len(values) > but else None

    def lose_tail(self, partition: int, records: int) -> None:
        """As when a replica that had not caught up becomes the leader."""
        values = self._values[partition]
        del values[max(len(values) - records, 0) :]
