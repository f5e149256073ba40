"""Which letters a command is about."""

from collections.abc import Mapping
from typing import NamedTuple

from operations.dead.letters import Letter
from operations.dead.settling import Decision

OPEN = "open"
STATES = (OPEN, "requeued", "discarded")


class Selection(NamedTuple):
    """Letters that meet every condition; one that is empty holds for all. Times are milliseconds."""

    ids: tuple[str, ...] = ()
    """Whole, or without the digest: `2-117`."""
    reason: str = ""
    """A part of the reason, in whatever case."""
    since: int | None = None
    until: int | None = None
    partition: int | None = None
    """Of the topic in which the record was."""

    @property
    def is_limited(self) -> bool:
        """Whether there is any condition."""
        return self != Selection()

    def takes(self, letter: Letter) -> bool:
        return (
            (not self.ids or bool(self.ids_of(letter)))
            and self.reason.casefold() in letter.origin.reason.casefold()
            and (self.since is None or letter.timestamp >= self.since)
            and (self.until is None or letter.timestamp < self.until)
            and self.partition in (None, letter.origin.partition)
        )

    def ids_of(self, letter: Letter) -> set[str]:
        """Those of `ids` that name the letter."""
        return {id_ for id_ in self.ids if letter.id == id_ or letter.id.startswith(f"{id_}-")}


def state(letter: Letter, decisions: Mapping[str, Decision]) -> str:
    """One of `STATES`."""
    decided = decisions.get(letter.identity)
    return decided.action if decided else OPEN
