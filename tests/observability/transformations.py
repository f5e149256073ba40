"""Panels' transformations, done by Grafana's own library in both major versions that count."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.observability.redis_source import Frame

_FOLDER = Path(__file__).parent / "grafana"

GRAFANA_VERSIONS = ("11", "12")

Table = dict[str, list[Any]]
"""Column by the name that the panel shows."""


def transformed(version: str, frames: list[Frame], transformations: list[dict[str, Any]]) -> list[Table]:
    """What the panel draws. Raises `RuntimeError` with the library's own words."""
    if not (_FOLDER / "node_modules").is_dir():
        raise RuntimeError("Grafana's library is missing: run `./setup.sh --dev`")
    done = subprocess.run(
        [shutil.which("node") or "node", "transform.cjs", version],
        cwd=_FOLDER,
        input=json.dumps([{"frames": frames, "transformations": transformations}]),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    (drawn,) = json.loads(done.stdout)
    return [{field["name"]: field["values"] for field in frame["fields"]} for frame in drawn]
