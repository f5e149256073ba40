"""Log files of parts that know nothing of rotation: they append, whatever happens to the file's content."""

import shutil
from pathlib import Path

MAX_BYTES = 16 * 2**20
"""Of one part's log; as much again is kept of what came before."""


def rotate(folder: Path, max_bytes: int = MAX_BYTES) -> None:
    """Moves the content of each `*.log` that has become too large to `*.log.1`."""
    for path in folder.glob("*.log"):
        if path.stat().st_size > max_bytes:
            shutil.copyfile(path, path.with_suffix(".log.1"))
            # Its writer has it open for appending and goes on at the new end.
            with path.open("r+b") as file:
                file.truncate(0)


def tail(path: Path, lines: int) -> list[str]:
    """The last lines of a log, without their ends; what cannot be decoded is replaced."""
    if not path.exists():
        return []
    return path.read_text(errors="replace").splitlines()[-lines:]
