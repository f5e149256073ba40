"""The request bodies of any number of tweets, in bounded memory."""

import os
import tempfile
import weakref
from array import array
from collections.abc import Iterable
from pathlib import Path

import msgspec

from loadgen.tweet_file import Entry

IN_MEMORY_BYTES = 64 * 2**20
"""What is more than this is kept in a temporary file."""

_BLOCK = 256
# Preferred to the usual folder, which on many systems is memory.
_ON_DISK = Path("/var/tmp")  # noqa: S108


class Bodies:
    """Bodies by number, encoded once, so that a request costs the client as little as possible.

    Whoever asks in the order of the numbers, as users do who share a lease, finds most at hand.
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        folder = str(_ON_DISK) if os.access(_ON_DISK, os.W_OK) else None
        self._file = tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES, dir=folder)  # noqa: SIM115
        weakref.finalize(self, self._file.close)
        self._starts = array("Q", [0])
        self._block = -1
        self._at_hand: list[bytes] = []
        self._count = 0
        encode = msgspec.json.Encoder().encode_lines
        block: list[dict[str, str]] = []
        for entry in entries:
            block.append({"texto": entry.text, "país": entry.country})
            if len(block) == _BLOCK:
                self._add(encode(block), len(block))
                block.clear()
        self._add(encode(block), len(block))

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, number: int) -> bytes:
        block, position = divmod(number, _BLOCK)
        if block != self._block:
            start, end = self._starts[block], self._starts[block + 1]
            self._file.seek(start)
            self._at_hand = self._file.read(end - start).split(b"\n")
            self._block = block
        return self._at_hand[position]

    def _add(self, lines: bytes, count: int) -> None:
        self._file.write(lines)
        self._starts.append(self._file.tell())
        self._count += count
