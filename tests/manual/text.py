"""What the manuals say in code: the names in their Markdown, as far as it comes into the books."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).parent.parent.parent
MANUAL = REPOSITORY / "manual"

_FENCE = re.compile(r"```+(\w*)")
_DIV = re.compile(r":::+\s*(\S.*)?$")
_INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_CONDITIONAL_SPAN = re.compile(r"\[([^\]]*)\]\{\.si-hay ([^}]*)\}")
_ATTRIBUTE = re.compile(r'(archivos|orden)="([^"]*)"')


class Quote(NamedTuple):
    """Something set in code: `kind` is `inline`, or the language of the block that it is a line of."""

    where: str
    kind: str
    text: str


def chapters() -> list[Path]:
    return sorted(path for book in ("usuario", "tecnico") for path in (MANUAL / book).glob("*.md"))


def quotes(path: Path) -> Iterator[Quote]:
    """All of a chapter; a command over several lines is one."""
    name = f"{path.parent.name}/{path.name}"
    block = None
    command = ""
    for number, line in _lines(path):
        fence = _FENCE.match(line.lstrip())
        if fence:
            block = None if block is not None else fence[1] or "text"
            continue
        if block is None:
            for code in _INLINE.findall(line):
                yield Quote(f"{name}:{number}", "inline", code)
            for url in re.findall(r"<(https?://[^>]+)>", line):
                yield Quote(f"{name}:{number}", "inline", url)
            continue
        command += line.strip()
        if command.endswith("\\"):
            command = command[:-1]
            continue
        yield Quote(f"{name}:{number}", block, command)
        command = ""


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Lines with their numbers, without the passages whose condition (`filtro.lua`) does not hold."""
    dropped = 0
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        div = _DIV.match(line)
        if div:
            if dropped or (div[1] and ".si-hay" in div[1] and not _holds(div[1])):
                dropped += 1 if div[1] else -1
            continue
        if not dropped:
            yield number, _CONDITIONAL_SPAN.sub(lambda span: span[1] if _holds(span[2]) else "", line)


def _holds(attributes: str) -> bool:
    wanted = dict(_ATTRIBUTE.findall(attributes))
    commands = REPOSITORY / "operations" / "cli"
    plots = {path.stem for path in (MANUAL / "data").glob("*.json")}
    return all((commands / f"{name}.py").exists() for name in wanted.get("orden", "").split()) and all(
        # A plot is drawn from the data file that its name begins with.
        any(Path(name).stem.startswith(data) for data in plots)
        if name.startswith("graficas/")
        else (MANUAL / name).exists()
        for name in wanted.get("archivos", "").split()
    )
