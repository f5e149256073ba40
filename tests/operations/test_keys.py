"""`weather-tweets keys`, and what sends with one."""

import json
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.keys import key_file, token
from operations.cli import app


def run(*arguments: str, status: int = 0) -> str:
    done = CliRunner().invoke(app, ["keys", *arguments])
    assert done.exit_code == status, done.output
    return done.output


def test_a_key_is_shown_once_with_the_line_that_knows_it() -> None:
    made = json.loads(run("new", "newsroom", "--rate", "2.5", "--burst", "7", "--json"))
    digest = token.digest(made["key"].encode())
    assert key_file.parse(made["line"].encode()) == [key_file.Key("newsroom", (digest,), 2.5, 7)]
    assert made["key"] not in made["line"]
    shown = run("new", "newsroom")
    (key,) = (line.strip() for line in shown.splitlines() if line.strip().startswith(token.PREFIX))
    (line,) = (line for line in shown.splitlines() if line.startswith("newsroom = "))
    ((read),) = key_file.parse(line.encode())
    assert read.digests == (token.digest(key.encode()),)
    # What an array may have by itself, a key may send at once.
    assert (read.rate, read.burst) == (100, 1000)


def test_a_file_is_made_and_added_to_and_only_ever_whole(tmp_path: Path) -> None:
    file = tmp_path / "keys.toml"
    run("new", "ana", "--file", str(file))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o640)
    # A table at the end would swallow a line after it.
    file.write_text('\ufeff[bob]\nsha256 = "' + "a" * 64 + '"\nrate = 1\nburst = 1\n')
    run("new", "eva", "--rate", "5000", "--file", str(file))
    assert [key.name for key in key_file.parse(file.read_bytes())] == ["eva", "bob"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    before = file.read_bytes()
    assert "twice" in run("new", "bob", "--file", str(file), status=1)
    assert file.read_bytes() == before
    assert {each.name for each in tmp_path.iterdir()} == {"keys.toml"}
    shown = run("check", str(file))
    assert "5,000" in shown
    assert "bob" in shown


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("new", "two words"), "1 to 64 letters"),
        (("new", "wt_abc"), "does not begin with wt_"),
        (("new", "a", "--rate", "0"), "rate must be"),
        (("new", "a", "--burst", "0"), "burst must be"),
        (("check", "/nowhere/keys.toml"), "keys new"),
    ],
)
def test_what_will_not_do_is_said(arguments: tuple[str, ...], said: str) -> None:
    # The terminal breaks lines where it likes.
    assert said in " ".join(run(*arguments, status=1).split())
