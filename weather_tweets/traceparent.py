"""`traceparent` (W3C Trace Context): the trace of something, across HTTP, gRPC and Kafka's headers."""

import re
from typing import NamedTuple

HEADER = "traceparent"

# Later versions may have more after the flags; what is here they have, too (section 4.3).
_FORM = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?", re.ASCII
)


class Parent(NamedTuple):
    """A span of another service."""

    trace_id: int
    span_id: int
    sampled: bool


def parse(value: str) -> Parent | None:
    """What a header says, None if it is none."""
    found = _FORM.fullmatch(value)
    if found is None or (value.startswith("00") and len(value) != 55):
        return None
    return Parent(int(found[1], 16), int(found[2], 16), bool(int(found[3], 16) & 1))


def of(trace_id: int, span_id: int) -> str:
    """The header of a sampled span."""
    return f"00-{trace_id:032x}-{span_id:016x}-01"
