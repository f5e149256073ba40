"""Finds paths that a tracked text file names and that are gone: `python -m tests.paths`.

A path begins with one of our folders, and stands in quotes or has a file's ending; so does the module of a
`python -m`. Exits 1 where one is gone.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]

# What is made, not kept; and what an example makes up.
_MADE = re.compile(r"manual/(build|graficas)/|compose/keys/keys\.toml|gateway/page/a/|\w+/nowhere\b")
_SUFFIX = r"\.(?:py|md|toml|yaml|yml|json|lua|sh|ts|css|html|svg|png|d2|csv|proto|xml|txt|tpl|typ|mjs|sha256)"


def gone(root: Path = ROOT) -> Iterator[str]:
    """`FILE:LINE names PATH`, for each that is not there."""
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    folders = sorted({name.partition("/")[0] for name in tracked if "/" in name and name[0] != "."})
    ours = "|".join(map(re.escape, folders))
    path = re.compile(
        rf"(?<![\w./{{}}$-])(?P<path>(?:{ours})/[\w.*/-]*?{_SUFFIX})(?![\w/-])"
        rf"|[`\"'](?P<quoted>(?:{ours})/[\w*/.-]*[\w*/])[`\"']"
        rf"|python3? -m (?P<module>(?:{ours})(?:\.\w+)*)"
    )
    for name in tracked:
        if not name or name.startswith("requirements/"):
            continue
        try:
            text = (root / name).read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue
        for number, line in enumerate(text.splitlines(), 1):
            for found in path.finditer(line):
                spoken = found["path"] or found["quoted"]
                if spoken is None:
                    spoken = found["module"].replace(".", "/")
                    there = any((root / f"{spoken}{end}").exists() for end in (".py", "/__main__.py"))
                else:
                    there = bool(_MADE.match(spoken)) or any(
                        any(folder.glob(spoken.rstrip("/"))) for folder in _folders(root, name)
                    )
                if not there:
                    yield f"{name}:{number} names {spoken}"


def _folders(root: Path, name: str) -> Iterator[Path]:
    """What a path in that file may be relative to: the repository, or a folder that the file is in."""
    yield root
    yield from (root / folder for folder in Path(name).parents[:-1])


if __name__ == "__main__":
    missing = list(gone())
    sys.stdout.writelines(f"{each}, which is not there\n" for each in missing)
    sys.exit(bool(missing))
