"""A letter's value in the user's editor."""

import os
import shlex
import subprocess
import tempfile
from pathlib import Path


class EditorError(RuntimeError):
    """The editor could not be started, or ended with an error."""


def edited(value: bytes) -> bytes:
    """What the user made of a value in `$VISUAL`, else `$EDITOR`, else vi. Raises `EditorError`.

    A line end that the editor added is taken off.
    """
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "letter.json"
        file.write_bytes(value)
        try:
            subprocess.run([*shlex.split(editor), str(file)], check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise EditorError(f"{error}: name another editor in EDITOR") from error
        text = file.read_bytes()
    return text if value.endswith(b"\n") else text.removesuffix(b"\n")
