"""What a chaos run found."""

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
    refusals: dict[str, int]
    faults: list[FaultReport]

    @property
    def is_clean(self) -> bool:
        return self.agree and not (self.lost or self.duplicated or self.never_sent or self.wrong_ids)


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
    part = fault.target.split("-")[0]
    return f"{fault.kind} {part}" + (f" for {fault.seconds:g} s" if fault.seconds else "")
