"""Panels' transformations, done by Grafana's own library in both major versions that count."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent / "grafana"

VERSIONS = ("11", "12")

Json = dict[str, Any]

Table = dict[str, list[Any]]
"""Column by the name that the panel shows."""


class Grafana:
    """One major version's library, in a process of its own."""

    def __init__(self, version: str) -> None:
        if not (_FOLDER / "node_modules").is_dir():
            raise RuntimeError("Grafana's library is missing: run `./setup.sh --dev`")
        self._process = subprocess.Popen(
            [shutil.which("node") or "node", "transform.cjs", version],
            cwd=_FOLDER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def transformed(self, frames: list[Json], transformations: list[Json]) -> list[Table]:
        """What the panel draws. Raises `RuntimeError` with the library's own words."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"frames": frames, "transformations": transformations}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return [{field["name"]: field["values"] for field in frame["fields"]} for frame in answer["frames"]]

    def close(self) -> None:
        """Ends the process."""
        self._process.communicate(timeout=10)
