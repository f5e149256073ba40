"""The command line `python -m loadgen`: makes, fetches and takes over tweets, and starts the swarm."""

import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from loadgen import dataset, generator

if TYPE_CHECKING:
    from loadgen.x.importing import Count

app = typer.Typer(
    help="Tweets for the swarm, and the swarm.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_console = Console(stderr=True)
Out = Annotated[Path, typer.Option(help="The file to write")]


@app.command()
def generate(
    tweets: Annotated[int, typer.Option(min=1, help="How many")] = dataset.DEFAULT_TWEETS,
    seed: Annotated[int, typer.Option(help="The same seed gives the same file")] = dataset.DEFAULT_SEED,
    out: Out = Path("tweets.json"),
    start: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help=f"First day of the tweets [default: {generator.DEFAULT_START}]"
        ),
    ] = None,
    days: Annotated[
        int, typer.Option(min=1, help="Over how many days they are spread")
    ] = generator.DEFAULT_DAYS,
) -> None:
    """Generates tweets that follow the world's: who posts, when, in which language, in what weather."""
    texts: set[str] = set()
    languages: Counter[str] = Counter()
    places: set[str] = set()
    with _progress() as progress:
        made = progress.track(
            generator.generate(
                tweets, seed, start=start.date() if start else generator.DEFAULT_START, days=days
            ),
            tweets,
            description="Generating",
        )

        def counted() -> Iterator[generator.GeneratedTweet]:
            for tweet in made:
                texts.add(tweet.text)
                languages[tweet.idioma] += 1
                places.add(tweet.codigo)
                yield tweet

        dataset.write(out, counted())
    table = Table("Tweets", "Distinct texts", "Countries", "Languages", box=None)
    spoken = ", ".join(f"{language} {count / tweets:.0%}" for language, count in languages.most_common())
    table.add_row(f"{tweets:,}", f"{len(texts):,}", f"{len(places)}", spoken)
    _console.print(table)


@app.command("import-x")
def import_x(
    files: Annotated[list[Path], typer.Argument(help="Pages or JSON lines that X's API gave, v2 or v1.1")],
    out: Out = Path("tweets.json"),
    clean: Annotated[bool, typer.Option("--clean", help="Remove handles and links from the texts")] = False,
    left_out: Annotated[
        Path | None, typer.Option(help="Write the posts that are left out there, a line each with the reason")
    ] = None,
) -> None:
    """Takes over real tweets: original ones whose country their place, point or profile tells."""
    from loadgen.text_file import FileError
    from loadgen.x import importing
    from loadgen.x.posts import Post

    count = importing.Count()
    rejected: list[dict[str, Any]] = []

    def leave_out(reason: importing.Reason, post: Post) -> None:
        if left_out:
            rejected.append({"reason": reason.value, "post": post.raw})

    def warn(said: str) -> None:
        _console.print(said, style="yellow", markup=False, highlight=False)

    try:
        tweets = importing.take_over(files, clean=clean, count=count, warn=warn, leave_out=leave_out)
    except FileError as error:
        _fail(str(error))
    if left_out:
        left_out.write_bytes(msgspec.json.Encoder().encode_lines(rejected))
    if not count.read:
        _console.print(f"0 posts: X has found nothing; {out} is left as it is")
        return
    _console.print(_report(count))
    if not tweets:
        warn(f"Nothing can be used of {count.read:,} posts, for the reasons above; {out} is left as it is")
        return
    dataset.write(out, tweets)


def _report(count: "Count") -> Table:
    table = Table("Posts", "", box=None)
    table.columns[1].justify = "right"
    table.add_row("read", f"{count.read:,}")
    for reason, number in count.left_out.most_common():
        table.add_row(f"left out: {reason.value}", f"{number:,}")
    table.add_row(f"kept, of {len(count.by_country):,} countries", f"{count.kept:,}")
    return table


@app.command("fetch-x")
def fetch_x(
    query: Annotated[str, typer.Option(help="What to search, in X's query language")],
    since: Annotated[
        str, typer.Option(help="From when on: ISO 8601, or 90m, 12h, 3d ago; X has the last seven days")
    ] = "",
    out: Out = Path("x.jsonl"),
    limit: Annotated[
        int, typer.Option(min=1, help="End after the page with this post; X charges by post")
    ] = 10_000,
    base_url: Annotated[str, typer.Option(help="Where the API is")] = "https://api.x.com",
) -> None:
    """Fetches posts from X's recent search; the bearer token is read from X_BEARER_TOKEN.

    Waits as X's rate limits ask. Interrupted, the same command goes on where it was. For import-x.
    """
    from loadgen.x import fetching

    def show(state: fetching.State) -> None:
        progress.update(task, completed=state.posts, description=f"{state.pages} pages")

    def wait(seconds: float, why: str) -> None:
        _console.print(f"[yellow]{why}[/]; going on in {seconds:.0f} s")
        waiting = progress.add_task("Waiting", total=seconds)
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            progress.update(waiting, completed=seconds - left)
            time.sleep(min(left, 0.2))
        progress.remove_task(waiting)

    try:
        begin = fetching.start_time(since, datetime.now(UTC)) if since else None
    except ValueError as error:
        _fail(str(error))
    with _progress() as progress:
        task = progress.add_task("Fetching", total=limit)
        try:
            fetcher = fetching.Fetcher(
                out, os.environ.get("X_BEARER_TOKEN", ""), base_url=base_url, wait=wait, on_page=show
            )
            state = fetcher.fetch(query, begin, limit=limit)
        except fetching.FetchError as error:
            progress.stop()
            _fail(str(error))
    end = "all there is" if state.complete else "more is there: a higher --limit goes on"
    _console.print(f"{state.posts:,} posts on {state.pages:,} pages in {out}, {end}")


@app.command(
    add_help_option=False, context_settings={"allow_extra_args": True, "ignore_unknown_options": True}
)
def swarm(context: typer.Context) -> NoReturn:
    """Starts Locust with the swarm; takes Locust's options and its own (swarm --help)."""
    locustfile = Path(__file__).with_name("locustfile.py")
    arguments = [sys.executable, "-m", "loadgen.locust_main", "-f", str(locustfile), *context.args]
    os.execv(sys.executable, arguments)  # noqa: S606


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=_console,
        transient=True,
    )


def _fail(message: str) -> NoReturn:
    _console.print(message, style="red", markup=False, highlight=False)
    raise typer.Exit(1)
