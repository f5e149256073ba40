"""The sources of the books hang together."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.manual.text import MANUAL, chapters

_FIGURE = re.compile(r"!\[([^\]]*)\]\(([^)]+)\)(\{[^}]*\})?")


@pytest.mark.parametrize("book", ["usuario", "tecnico"])
def test_a_book_lists_its_chapters(book: str) -> None:
    folder = MANUAL / book
    listed = tomllib.loads((folder / "libro.toml").read_text(encoding="utf-8"))["capitulos"]
    assert sorted(listed) == sorted(path.name for path in folder.glob("*.md"))


def test_every_diagram_is_in_a_book() -> None:
    shown = {
        source for path in chapters() for _, source, _ in _FIGURE.findall(path.read_text(encoding="utf-8"))
    }
    drawn = {f"diagramas/{path.name}" for path in MANUAL.glob("diagramas/[!_]*.d2")}
    assert drawn <= shown


@pytest.mark.parametrize("path", chapters(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_figure_has_a_caption_and_a_number_to_refer_to(path: Path) -> None:
    for caption, source, attributes in _FIGURE.findall(path.read_text(encoding="utf-8")):
        assert caption, source
        assert "#fig-" in attributes, source


@pytest.mark.parametrize("path", chapters(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_chapter_and_section_can_be_referred_to(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    headings = [line for line in lines if re.match("#{1,2} ", line)]
    assert headings
    assert [line for line in headings if not re.search(r"\{#sec-[a-z0-9-]+\}$", line)] == []
