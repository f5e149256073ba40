"""The fonts of the manuals: found in the wheels that carry them, gathered in one folder."""

import importlib.util
from pathlib import Path

BUILD = Path(__file__).parent / "build"

_STYLES = ("Regular", "It", "Semibold", "SemiboldIt")
# Package → the files of it that the books use. Everything else that a machine has is ignored, so that the
# PDFs look the same everywhere.
_FILES = {
    "font_source_serif_pro": [f"files/SourceSerifPro-{style}.ttf" for style in _STYLES],
    "font_source_sans_pro": [f"files/SourceSansPro-{style}.ttf" for style in _STYLES],
    "fontpkg_jetbrains_mono": ["files/JetBrainsMono[wght].ttf", "files/JetBrainsMono-Italic[wght].ttf"],
    "manimgx_fonts": [
        "NotoSansArabic[wght].ttf",
        "NotoSansDevanagari[wght].ttf",
        "NotoEmoji[wght].ttf",
        "NotoSansSymbols[wght].ttf",
    ],
    "noto_cjk_sans_jp_regular": ["NotoSansCJKjp-Regular.otf"],
}


def folder() -> Path:
    """Where `collect` puts the fonts."""
    return BUILD / "fonts"


def collect() -> dict[str, Path]:
    """Links every font file into `folder()`; returns them by file name. Raises if a package is missing."""
    folder().mkdir(parents=True, exist_ok=True)
    found = {}
    for package, names in _FILES.items():
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise ModuleNotFoundError(f"font package {package}: install requirements/manual.txt")
        root = Path(spec.submodule_search_locations[0])
        for name in names:
            link = folder() / Path(name).name
            link.unlink(missing_ok=True)
            link.symlink_to(root / name)
            found[link.name] = link
    return found
