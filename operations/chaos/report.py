"""What a chaos run found."""

import re
from statistics import median

import msgspec


class FaultReport(msgspec.Struct, frozen=True):
    """One fault and its recovery; seconds since the fault struck, None where recovery was not seen."""

    at: float
    """Seconds since the load began."""
    kind: str
    target: str
    seconds: float
    """How long a pause lasted."""
    accepting_after_seconds: float | None
    """Until an attempt that began after the fault was answered 202."""
    processing_after_seconds: float | None
    """Until all that was written before the fault, and more in every partition, was counted in Redis."""
    noticeable: bool = False
    """Whether it must be told: see `NOTICEABLE_SECONDS`."""
    metrics: list[str] = []
    """Which metrics showed it."""
    health: list[str] = []
    """Which health pages, and what they said."""
    alerts: list[str] = []
    """Which alerts were pending or firing because of it; those of short faults have no time to fire."""
    failed: str = ""
    """Why it was not carried out, where that is so."""

    @property
    def told(self) -> bool:
        return bool(self.metrics or self.health or self.alerts)


NOTICEABLE_SECONDS = 10.0
"""A fault that lasts so long must be told, and one that keeps tweets from being accepted or counted so long.

Of a link that is only slow the effects decide."""


class Report(msgspec.Struct, frozen=True):
    """The run; `is_clean` is the promise."""

    seed: int
    acknowledged: int
    stored: int
    """Tweets of this run in MongoDB."""
    lost: int
    """Acknowledged, but not stored."""
    duplicated: int
    """Stored or counted more than once."""
    never_sent: int
    """Stored, but never sent."""
    wrong_ids: int
    """Answers with another id than the key that was sent."""
    unsettled: int
    """Sent, but not acknowledged before the end: they may be stored or not."""
    repeats: int
    """Retries that had been stored before, and were recognised."""
    agree: bool
    deep_differences: list[str]
    """What `audit --deep` found at the end."""
    watched: bool
    """Whether there was a Prometheus to tell of metrics and alerts; else nothing can be untold."""
    guards: dict[str, int]
    """How often each had to do something; what is counted in workers only where Prometheus was there."""
    refusals: dict[str, int]
    faults: list[FaultReport]

    @property
    def untold(self) -> list[FaultReport]:
        """The noticeable faults of which nobody was told."""
        return [fault for fault in self.faults if self.watched and fault.noticeable and not fault.told]

    @property
    def is_clean(self) -> bool:
        broken = self.lost or self.duplicated or self.never_sent or self.wrong_ids or self.deep_differences
        return self.agree and not broken and not self.untold


def recovery_medians(faults: list[FaultReport]) -> list[tuple[str, int, float | None, float | None]]:
    """Per kind and target: name, number of faults, median seconds until accepting and until processing."""
    rows = []
    for name in sorted({_name(fault) for fault in faults}):
        group = [fault for fault in faults if _name(fault) == name]
        accepting = [f.accepting_after_seconds for f in group if f.accepting_after_seconds is not None]
        processing = [f.processing_after_seconds for f in group if f.processing_after_seconds is not None]
        rows.append(
            (
                name,
                len(group),
                median(accepting) if accepting else None,
                median(processing) if processing else None,
            )
        )
    return rows


def _name(fault: FaultReport) -> str:
    # `streams-2` is a worker as any other, `worker-redis` is a link.
    part = re.sub(r"-\d+$| .*", "", fault.target)
    return f"{fault.kind} {part}" + (f" for {fault.seconds:g} s" if fault.seconds else "")
