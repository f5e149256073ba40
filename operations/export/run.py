"""Writes a file of tweets: the whole of it or none."""

import os
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from operations.export.formats import Format, open_writer
from operations.export.source import Piece


def export(
    pieces: Iterable[Piece],
    path: Path,
    format_: Format,
    *,
    force: bool = False,
    on_progress: Callable[[datetime, int], None] = lambda end, tweets: None,  # noqa: ARG005
) -> int:
    """Writes the tweets under a name of its own beside `path`, which the file gets when it is complete.

    Returns how many there were. Tells up to which time it has come, and with how many tweets. Raises
    `FileExistsError` without `force`, `OSError`, `MissingLibraryError`, and what reading raises.
    """
    if not force and path.exists():
        raise FileExistsError(path)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    number = 0
    try:
        writer = open_writer(format_, unfinished)
        try:
            for piece in pieces:
                writer.write(piece.tweets)
                number += len(piece.tweets)
                on_progress(piece.end, number)
        finally:
            writer.close()
        _to_disk(unfinished)
        if force:
            unfinished.replace(path)
        else:
            # Unlike a renaming, it does not overwrite what has come meanwhile.
            os.link(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
    return number


def _to_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
