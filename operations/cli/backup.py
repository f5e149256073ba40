"""`weather-tweets backup FILE`."""

from pathlib import Path
from typing import Annotated

import typer

from operations.cli.context import err, fail, folder, out, speaks
from operations.cli.progress import bars
from operations.cli.rebuild import StatsUrl, errors_said


@speaks
def run(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="To be written, `weather-2026-01-31.tar.gz` for instance.")],
    stats_url: StatsUrl = "",
) -> None:
    """Save MongoDB's tweets in one file, while everything runs; exit status 1 where some are missing.

    The tables and Redis can be made from them (`rebuild`). Kafka's log is not in it: what it still has at a
    restore is added from there.
    """
    from operations.audit_sources import choose
    from operations.backup import saving

    sources = choose(folder(context), stats_url)
    with errors_said(sources), bars() as progress:
        task = progress.add_task("Saving", total=None)
        try:
            manifest = saving.save(
                file,
                sources.kafka,
                sources.mongo,
                lambda total: progress.update(task, total=total),
                lambda more: progress.advance(task, more),
            )
        except OSError as error:
            raise fail(f"cannot write {file}: {error}") from error
    out.print(
        f"{file}: {manifest.documents:,} tweets, {file.stat().st_size:,} bytes, as of "
        f"{manifest.at}, offsets {_positions(manifest.positions)}",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    if manifest.documents + manifest.kept_no_longer != manifest.counted:
        err.print(
            f"The tables have counted {manifest.counted:,}: MongoDB lacks some, or has others. "
            "`weather-tweets audit --deep` names them, `rebuild mongo` restores them; then save once more.",
            style="red",
            highlight=False,
        )
        raise typer.Exit(1)


def _positions(by_partition: dict[str, int]) -> str:
    return ", ".join(f"{partition}:{offset}" for partition, offset in by_partition.items()) or "none"
