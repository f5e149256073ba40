"""`weather-tweets export`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from operations.cli.context import err, fail, folder, out, speaks
from operations.export.formats import Format
from weather_tweets import moments
from weather_tweets.countries import UNKNOWN
from weather_tweets.places import resolve
from weather_tweets.weather_kinds import KINDS


@speaks
def run(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="File to write.", dir_okay=False)],
    start: Annotated[
        str,
        typer.Option(
            "--from", help="A time (ISO 8601, UTC if it names no zone), or so long ago: 90m, 12h, 3d."
        ),
    ] = "24h",
    end: Annotated[str, typer.Option("--to", help="As --from; the time itself is not in it.")] = "0m",
    country: Annotated[str, typer.Option(help="Of this country only: a code or any name.")] = "",
    kind: Annotated[str, typer.Option(help=f"Of this kind of weather only: {', '.join(KINDS)}.")] = "",
    format_: Annotated[
        Format,
        typer.Option("--format", help="CSV is safe for spreadsheets; parquet needs the extra `parquet`."),
    ] = "ndjson",
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> None:
    """Write stored tweets to a file, oldest first: of the last 24 hours, or of another time.

    From the stack of the data folder; where there is none, from the MongoDB that WEATHER_MONGO_* name.
    """
    # Here and not above: other commands need not wait for these imports.
    from pymongo.errors import PyMongoError

    from operations.audit_sources import choose
    from operations.export import run as exporting
    from operations.export import source
    from operations.export.formats import MissingLibraryError

    selection = source.Selection(*_times(start, end), _code(country), _kind(kind))
    if file.exists() and not force:
        raise fail(f"{file} is there already: choose another name, or --force to overwrite it")
    columns = (
        TextColumn("{task.fields[tweets]:,} tweets"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
    )
    try:
        with Progress(*columns, console=err, disable=not err.is_terminal) as bar:
            task = bar.add_task("", total=(selection.end - selection.start).total_seconds(), tweets=0)

            def show(until: datetime, tweets: int) -> None:
                bar.update(task, completed=(until - selection.start).total_seconds(), tweets=tweets)

            number = exporting.export(
                source.read(choose(folder(context)).mongo, selection),
                file,
                format_,
                force=force,
                on_progress=show,
            )
    except FileExistsError:
        raise fail(
            f"{file} has been made meanwhile: choose another name, or --force to overwrite it"
        ) from None
    except (OSError, MissingLibraryError) as error:
        raise fail(str(error)) from error
    except PyMongoError as error:
        raise fail(f"MongoDB cannot be read, and nothing was written: {str(error)[:200]}", 2) from error
    out.print(f"{number:,} tweets in {file}", highlight=False, markup=False)


def _times(start: str, end: str) -> tuple[datetime, datetime]:
    now = datetime.now(UTC)
    try:
        times = moments.moment(start, now), moments.moment(end, now)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    if times[0] >= times[1]:
        raise typer.BadParameter("--from must be before --to")
    return times


def _code(country: str) -> str | None:
    if not country:
        return None
    found = resolve(country)
    if found == UNKNOWN and country not in UNKNOWN:
        raise typer.BadParameter(f"--country: nobody knows {country!r}; try a code, such as GT")
    return found.code


def _kind(kind: str) -> str | None:
    if kind and kind not in KINDS:
        raise typer.BadParameter(f"--kind must be one of {', '.join(KINDS)}")
    return kind or None
