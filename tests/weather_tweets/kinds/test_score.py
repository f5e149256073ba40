"""Precision and recall, as in the manual, on texts that were written before the lexicon was."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from operations.cli import app
from tests.paths import ROOT
from weather_tweets.kinds import LANGUAGES, recogniser
from weather_tweets.kinds.score import Figures, read_labelled, score

TEXTS = Path(__file__).parent / "texts.tsv"
_NAMES = {"all": "todos", "xx": "signos"}


def figures() -> dict[str, Figures]:
    with TEXTS.open(encoding="utf-8") as lines:
        return score(recogniser(), read_labelled(lines))[0]


def test_kinds_are_recognised_in_every_language() -> None:
    found = figures()
    assert found["all"].texts >= 400
    assert found["all"].precision >= 0.92
    assert found["all"].recall >= 0.85
    assert found.keys() >= set(LANGUAGES)
    for language, here in found.items():
        assert here.precision >= 0.75, language
        assert here.recall >= 0.75, language


def test_a_mistake_is_told() -> None:
    lines = ["en\train again\tsnow", "en\thello\t-", "", "en\train and wind\train,wind"]
    found, mistakes = score(recogniser(), read_labelled(lines))
    assert found["all"] == Figures(texts=3, right=2, wrong=1, missed=1)
    assert [(mistake.labelled.text, set(mistake.found)) for mistake in mistakes] == [("rain again", {"rain"})]


@pytest.mark.parametrize("line", ["en\tonly two", "en\ttext\tdrizzle"])
def test_a_line_that_is_no_labelled_text_is_named(line: str) -> None:
    with pytest.raises(ValueError, match="line 2: wants language, text and kinds"):
        list(read_labelled(["en\thello\t-", line]))


def test_the_command_says_kinds_and_words() -> None:
    result = CliRunner().invoke(app, ["kinds", "Llueve en Xela", "hola"])
    assert [json.loads(line) for line in result.stdout.splitlines()] == [
        {"text": "Llueve en Xela", "kinds": ["rain"], "by": {"rain": ["lluev"]}},
        {"text": "hola", "kinds": [], "by": {}},
    ]
    assert json.loads(CliRunner().invoke(app, ["kinds"], input="it's snowing\n").stdout)["kinds"] == ["snow"]


def test_the_command_prints_the_figures() -> None:
    result = CliRunner().invoke(app, ["kinds", "--score", str(TEXTS)])
    assert result.exit_code == 0
    assert f"{figures()['all'].recall:.3f}" in result.stdout


def test_the_manual_has_the_figures() -> None:
    manual = (ROOT / "manual/tecnico/clima.md").read_text(encoding="utf-8")
    rows = [
        f"| {_NAMES.get(language, f'`{language}`')} | {here.texts} "
        f"| {here.precision:.3f} | {here.recall:.3f} |".replace(".", ",")
        for language, here in figures().items()
    ]
    assert "\n".join(rows) in manual
