"""The Faust table of tallies: one key per partition, kept in memory and in a changelog topic."""

import faust

from streams.tally import Tally

NAME = "tally"


class TallyTable:
    """Tallies by partition. `set` works where Faust allows it only: while an event is being processed."""

    def __init__(self, app: faust.App) -> None:
        self._app = app
        self._table = app.Table(NAME, key_type=int)

    def set_partitions(self, count: int) -> None:
        """Tells the table, before it starts, how many partitions its changelog has."""
        self._table.partitions = count

    def partition_count(self) -> int:
        """How many partitions there are, 0 before that is known."""
        return self._table.partitions or 0

    def worker_urls(self) -> list[str]:
        """The web addresses of all workers, as of the last assignment."""
        return list(self._app.router.table_metadata(NAME))

    def get(self, partition: int) -> Tally:
        """The tally of a partition, an empty one if it has none."""
        return Tally.from_table(self._table.get(partition))

    def set(self, partition: int, tally: Tally) -> None:
        """Sets the tally of the partition whose batch is being processed."""
        self._table[partition] = tally.to_table()

    def write_again(self, partition: int) -> None:
        """Writes the tally to the changelog as it is, at any time: for a changelog that has lost it."""
        value = self._table.get(partition)
        if value:
            self._table.send_changelog(partition, partition, value)
