"""Text files as people save them: UTF-8 with or without a mark, UTF-16, and what Windows makes of Spanish."""

import codecs
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

_CHUNK_BYTES = 2**20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    # Before UTF-16, whose mark is the beginning of this one.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WINDOWS = "cp1252"
# JSON begins with a character of ASCII, so that a NUL beside it tells the width.
_WITHOUT_MARK = ((b"\0", "utf-16-be"), (b"[\0", "utf-16-le"), (b"{\0", "utf-16-le"))


class FileError(ValueError):
    """A file cannot be used: which, where, why, and what to do about it."""


@contextmanager
def opened(path: Path, warn: Callable[[str], None]) -> Iterator[TextIO]:
    """The text of a file. Raises `FileError`, also while it is read.

    Bytes that are no UTF-8 are read as Windows-1252, with a warning, if nothing in the file is UTF-8 beyond
    ASCII: else it is UTF-8 that was damaged, which nobody should guess about.
    """
    try:
        encoding, strange = _encoding(path)
        if strange:
            warn(
                f"{path}, {strange}: this is no UTF-8, so it is read as Windows-1252; better save it as UTF-8"
            )
        with path.open(encoding=encoding, newline="\n") as file:
            yield file
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeError:
        raise FileError(
            f"{path} is neither UTF-8 nor what its first bytes promise: save it as UTF-8"
        ) from None


def _encoding(path: Path) -> tuple[str, str]:
    """The name of the encoding, and where the first byte is that is no UTF-8."""
    with path.open("rb") as file:
        chunk = file.read(_CHUNK_BYTES)
        for mark, encoding in _MARKS:
            if chunk.startswith(mark):
                return encoding, ""
        for beginning, encoding in _WITHOUT_MARK:
            if chunk.startswith(beginning):
                return encoding, ""
        strict = codecs.getincrementaldecoder("utf-8")()
        lines, column, beyond_ascii = 1, 1, False
        while chunk:
            try:
                text = strict.decode(chunk)
            except UnicodeDecodeError as error:
                # What the decoder held from the chunk before is at the beginning of the error's bytes.
                text = error.object[: error.start].decode()
                lines, column = _after(text, lines, column)
                beyond_ascii = beyond_ascii or not text.isascii()
                rest = error.object[error.start :]
                break
            lines, column = _after(text, lines, column)
            beyond_ascii = beyond_ascii or not text.isascii()
            chunk = file.read(_CHUNK_BYTES)
        else:
            return "utf-8", ""
        strange = f"line {lines}, column {column}"
        lenient = codecs.getincrementaldecoder("utf-8")("replace")
        while rest and not beyond_ascii:
            beyond_ascii = not lenient.decode(rest).replace("\ufffd", "").isascii()
            rest = file.read(_CHUNK_BYTES)
    if beyond_ascii:
        raise FileError(f"{path}, {strange}: this is no UTF-8, as the rest is: save it as UTF-8")
    return _WINDOWS, strange


def _after(text: str, line: int, column: int) -> tuple[int, int]:
    newlines = text.count("\n")
    if newlines:
        return line + newlines, len(text) - text.rfind("\n")
    return line, column + len(text)
