"""What a dead letter's headers say of where it was and why it is here; the names are those of KIP-1034.

https://cwiki.apache.org/confluence/display/KAFKA/KIP-1034%3A+Dead+letter+queue+in+Kafka+Streams
"""

from collections.abc import Iterable
from typing import NamedTuple

Headers = list[tuple[str, bytes]]

_KIP = "__streams.errors."
EXCEPTION = f"{_KIP}exception"
MESSAGE = f"{_KIP}message"
TOPIC = f"{_KIP}topic"
PARTITION = f"{_KIP}partition"
OFFSET = f"{_KIP}offset"
BYTES = "weather.dead.bytes"
"""Length of a value that was cut; no name of the KIP's."""

_OLD_NAMES = {"reason": MESSAGE, "partition": PARTITION, "offset": OFFSET, "bytes": BYTES}
"""Of version 0.1.0, which had no `topic` and no `exception`."""
_OWN = frozenset({EXCEPTION, MESSAGE, TOPIC, PARTITION, OFFSET, BYTES})


class Origin(NamedTuple):
    """Where a dead letter was, and why it is one."""

    topic: str
    partition: int
    offset: int
    reason: str
    exception: str = ""
    cut_from_bytes: int | None = None
    """Length of the value that it had, where it was cut."""


def write(origin: Origin) -> Headers:
    headers = [
        (EXCEPTION, origin.exception.encode()),
        (MESSAGE, origin.reason.encode(errors="replace")),
        (TOPIC, origin.topic.encode()),
        (PARTITION, str(origin.partition).encode()),
        (OFFSET, str(origin.offset).encode()),
    ]
    if origin.cut_from_bytes is not None:
        headers.append((BYTES, str(origin.cut_from_bytes).encode()))
    return headers


def read(headers: Iterable[tuple[str, bytes]], *, topic: str) -> tuple[Origin, Headers]:
    """The origin, and the headers that the record itself had; `topic` is where it was if no header says so.

    Raises `ValueError` where nothing says where it was.
    """
    headers = list(headers)
    # The last of a name counts: the record itself may have been a dead letter before.
    of_kip = {name: value.decode(errors="replace") for name, value in headers if name in _OWN}
    is_old = PARTITION not in of_kip
    if is_old:
        of_kip = {
            _OLD_NAMES[name]: value.decode(errors="replace") for name, value in headers if name in _OLD_NAMES
        }
    try:
        cut = of_kip.get(BYTES)
        origin = Origin(
            topic=of_kip.get(TOPIC, topic),
            partition=int(of_kip[PARTITION]),
            offset=int(of_kip[OFFSET]),
            reason=of_kip.get(MESSAGE, ""),
            exception=of_kip.get(EXCEPTION, ""),
            cut_from_bytes=None if cut is None else int(cut),
        )
    except KeyError as error:
        raise ValueError(f"no header {error} says where it was") from None
    written = _OLD_NAMES if is_old else _OWN
    return origin, [(name, value) for name, value in headers if name not in written]
