"""What the Dockerfile copies is there, and let in by .dockerignore."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
_COPIES = re.findall(r"^COPY (?!--from)(?:--\S+ )*(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
COPIED = sorted({source for sources in _COPIES for source in sources.split() if not source.startswith("<<")})


@pytest.mark.parametrize("source", COPIED)
def test_a_copied_file_is_let_in(source: str) -> None:
    let_in = re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    assert (ROOT / source).exists()
    assert any(Path(source).is_relative_to(entry) or Path(source).match(entry) for entry in let_in)
