"""What the README names must exist."""

import re
from pathlib import Path

from typer.main import get_command

from operations.cli import app
from operations.settings_table import markdown

_ROOT = Path(__file__).parent.parent
_README = (_ROOT / "README.md").read_text()


def test_its_table_of_settings_is_current() -> None:
    (table,) = re.findall(r"<!-- settings: .*? -->\n(.*)<!-- /settings -->", _README, re.DOTALL)
    assert table.strip() == markdown().strip()


def test_every_command_it_names_exists_and_every_command_is_named() -> None:
    named = set(re.findall(r"weather-tweets ([a-z]+)", _README.split("## The command line")[1]))
    commands = set(get_command(app).commands)  # type: ignore[attr-defined]
    assert commands <= named | {"logs", "restart"}
    assert set(re.findall(r"\| `weather-tweets ([a-z]+)", _README)) <= commands


def test_every_make_target_it_names_exists() -> None:
    makefile = (_ROOT / "Makefile").read_text()
    for target in re.findall(r"make ([a-z-]+)`", _README) + re.findall(r"\$ make ([a-z-]+)", _README):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_file_it_links_exists() -> None:
    for path in re.findall(r"\]\(([^)#]+)", _README):
        assert (_ROOT / path).exists(), path
