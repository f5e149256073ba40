"""`weather-tweets kinds`."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from weather_tweets.kinds import recogniser
from weather_tweets.kinds.score import read_labelled, score


def run(
    texts: Annotated[
        list[str] | None, typer.Argument(help="Standard input, a line each, if none is given.")
    ] = None,
    labelled: Annotated[
        Path | None,
        typer.Option(
            "--score",
            exists=True,
            dir_okay=False,
            help="Instead: how well the texts of this file are read. Lines of language, text and kinds, with "
            "tabs between them.",
        ),
    ] = None,
) -> None:
    """Say which kinds of weather a text speaks of, and by what words: one line of JSON for each."""
    if labelled is not None:
        _print_score(labelled)
        return
    lexicon = recogniser()
    for text in texts or (line.rstrip("\r\n") for line in sys.stdin):
        by: dict[str, list[str]] = {}
        for finding in lexicon.findings(text):
            by.setdefault(finding.kind, []).append(finding.words)
        typer.echo(json.dumps({"text": text, "kinds": lexicon.kinds(text), "by": by}, ensure_ascii=False))


def _print_score(path: Path) -> None:
    lexicon = recogniser()
    with path.open(encoding="utf-8") as lines:
        try:
            figures, mistakes = score(lexicon, read_labelled(lines))
        except ValueError as error:
            raise typer.BadParameter(f"{path}: {error}") from None
    table = Table("language", "texts", "precision", "recall", title=f"Lexicon {lexicon.version}")
    for language, here in figures.items():
        table.add_row(language, str(here.texts), f"{here.precision:.3f}", f"{here.recall:.3f}")
    console = Console()
    console.print(table)
    for mistake in mistakes:
        wanted, found = (",".join(sorted(kinds)) or "-" for kinds in (mistake.labelled.kinds, mistake.found))
        console.print(
            f"{mistake.labelled.language}: {mistake.labelled.text}: {wanted}, read as {found}", markup=False
        )
