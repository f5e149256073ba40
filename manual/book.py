"""One book: its chapters of Markdown become Typst by pandoc, and a PDF by Typst's compiler."""

import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pypandoc
import typst

from manual import fonts

REPOSITORY = Path(__file__).parent.parent
HERE = Path(__file__).parent
BOOKS = ("usuario", "tecnico")


class BookError(RuntimeError):
    """A book could not be set without a warning."""


def chapters(name: str) -> list[Path]:
    """The chapters of a book in their order, from its `libro.toml`. Raises `BookError` when a file is missing
    there or here."""
    folder = HERE / name
    listed = [folder / chapter for chapter in _description(name)["capitulos"]]
    odd = set(listed) ^ set(folder.glob("*.md"))
    if odd:
        raise BookError(f"{name}/libro.toml and the folder disagree: {sorted(path.name for path in odd)}")
    return listed


def build(name: str) -> Path:
    """Builds a book; returns its PDF. Raises `BookError` with whatever pandoc or Typst complained about."""
    description = _description(name)
    source = fonts.BUILD / f"{name}.typ"
    pdf = fonts.BUILD / f"{description['archivo']}.pdf"
    _to_typst(chapters(name), description, source)
    _, warnings = typst.compile_with_warnings(
        str(source),
        output=str(pdf),
        root=str(REPOSITORY),
        font_paths=[str(fonts.folder())],
        ignore_system_fonts=True,
    )
    if warnings:
        raise BookError("\n".join(f"{name}: {warning}" for warning in warnings))
    return pdf


def _description(name: str) -> dict[str, Any]:
    return tomllib.loads((HERE / name / "libro.toml").read_text())


def _to_typst(sources: list[Path], description: dict[str, Any], target: Path) -> None:
    version = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["version"]
    command = [
        pypandoc.get_pandoc_path(),
        "--from=markdown-citations-tex_math_dollars+task_lists",
        "--to=typst",
        "--standalone",
        "--wrap=none",
        "--fail-if-warnings",
        "--file-scope=false",
        f"--template={HERE / 'libro.typ'}",
        f"--lua-filter={HERE / 'filtro.lua'}",
        f"--metadata=titulo:{description['titulo']}",
        f"--metadata=subtitulo:{description['subtitulo']}",
        f"--metadata=version:{version}",
        f"--output={target}",
        *map(str, sources),
    ]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
    if done.returncode or done.stderr:
        raise BookError(f"pandoc: {done.stderr}")
