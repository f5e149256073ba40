"""`weather-tweets restore FILE`."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from operations.cli import audit, rebuild
from operations.cli.context import err, fail, folder, out, speaks
from operations.cli.progress import bars
from operations.cli.rebuild import DEFAULT_RATE, Rate, StatsUrl, Yes, agree_to, errors_said

if TYPE_CHECKING:
    from operations.audit import Sources
    from operations.backup.manifest import Manifest


@speaks
def run(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="What `backup` has written.")],
    merge: Annotated[
        bool,
        typer.Option("--merge", help="Also where MongoDB has tweets: adds what is missing, changes none."),
    ] = False,
    rate: Rate = DEFAULT_RATE,
    yes: Yes = False,
    stats_url: StatsUrl = "",
) -> None:
    """Put a backup into MongoDB, and rebuild from Kafka what came later; ends with `audit --deep`.

    May be interrupted, and run again with --merge.
    """
    from operations.audit_sources import choose
    from operations.backup import archive, restoring
    from operations.rebuild import history
    from operations.rebuild.pace import Pace

    sources = choose(folder(context), stats_url)
    try:
        with err.status(f"Verifying {file}"):
            manifest = archive.verify(file)
    except (archive.BackupError, OSError) as error:
        raise fail(f"{error}. Nothing was restored.") from error
    out.print(
        f"{file}: {manifest.documents:,} tweets as of {manifest.at}, written by version {manifest.version}; "
        "every part is as it was written.",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    with errors_said(sources):
        if not merge and not restoring.is_empty(sources.mongo):
            raise fail(
                "MongoDB has tweets already. With --merge those of the backup that are missing are added; "
                "none is changed."
            )
        anew = _are_strange_to_the_tables(sources, manifest)
        if anew:
            out.print(
                "The tables do not know the topic that the backup is of: they will be counted anew, with "
                "Redis. Workers stand still for some seconds."
            )
            agree_to("Begin", yes)
        history.note(sources.mongo)
        with bars() as progress:
            task = progress.add_task("Restoring", total=manifest.documents)
            there = restoring.restore(
                file, sources.mongo, Pace(rate), lambda more: progress.advance(task, more)
            )
        out.print(f"{manifest.documents - there:,} restored, {there:,} were there already.", highlight=False)
        rebuild.mongo(sources, rate)
        if anew:
            rebuild.tables(context, sources, of_stack=not stats_url)
        rebuild.history(sources)
    audit.prove(sources, deep=True)


def _are_strange_to_the_tables(sources: "Sources", manifest: "Manifest") -> bool:
    """Whether the tallies have never counted the topic's life that the backup is of."""
    from operations import tallies
    from streams.tally import life_of

    counted = asyncio.run(tallies.read(sources.kafka))
    life = life_of(manifest.topic_id)
    known = {life_of(tally.topic_id) for tally in counted.values()}
    known |= {former for tally in counted.values() for former in tally.former}
    return bool(manifest.documents) and life not in known
