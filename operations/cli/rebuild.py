"""`weather-tweets rebuild mongo|redis|tables|all`."""

import asyncio
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from operations.cli import audit
from operations.cli.context import err, fail, folder, out, speaks
from operations.cli.progress import bars

if TYPE_CHECKING:
    from operations.audit import Sources
    from operations.rebuild.plan import Plan

_UNREACHABLE = 2
_INTERRUPTED = 130
_HISTORY_SECONDS = 600.0
_SESSION_SECONDS = 60.0
"""How long a worker that was killed may still be one to Kafka."""


class What(StrEnum):
    MONGO = "mongo"
    TABLES = "tables"
    REDIS = "redis"
    ALL = "all"


_PROMISES = {
    What.MONGO: """\
MongoDB: every tweet that was counted gets its document back, with the partition, offset and life
that it had, as far as Kafka still has its record; then the workers count the history anew. No tweet
is changed or deleted. Not restored: `stored_at` (it is now), `kinds` as an older lexicon saw them
(today's sees them), what Kafka no longer has (only a backup has it), and what is kept no longer.""",
    What.TABLES: """\
Tables: the tallies are thrown away and counted anew, from Kafka's log with MongoDB's answers, and
where the log no longer reaches from MongoDB's documents. Workers stand still for some seconds; dead
letters are sent to their topic again (`dead list` shows each once). Not restored: how many of the
records that Kafka no longer has were dead letters, repeats or empty (they count as lost).""",
    What.REDIS: """\
Redis: `countries`, `totals`, `countries:codes` and `tally:*` are deleted, and published anew by the
workers within seconds. Not restored: `live:*` (what was accepted), which ws_writer keeps right by
itself as long as it lives; where it does not, it begins with what was processed.""",
}

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before something is deleted.")]
Rate = Annotated[
    float,
    typer.Option(
        min=0, help="Most documents a second, so that what is live keeps its share of MongoDB; 0: no limit."
    ),
]
StatsUrl = Annotated[
    str, typer.Option(help="`/stats` of a stream worker: work on the stores that the environment names.")
]
DEFAULT_RATE = 2_000.0


@speaks
def run(
    context: typer.Context,
    what: Annotated[What, typer.Argument(help="What was lost or damaged.")],
    since: Annotated[
        str,
        typer.Option(
            help="MongoDB: only records that Kafka has since a time (ISO 8601), or 90m, 12h, 3d ago; what is "
            "before is taken to be there."
        ),
    ] = "",
    rate: Rate = DEFAULT_RATE,
    yes: Yes = False,
    stats_url: StatsUrl = "",
) -> None:
    """Make anew what a store has lost, while the system runs; ends with `audit --deep` and its exit status.

    May be interrupted and run again: it goes on with what is still missing.
    """
    from operations.audit_sources import choose

    sources = choose(folder(context), stats_url)
    steps = [What.MONGO, What.TABLES, What.REDIS] if what is What.ALL else [what]
    if since and What.MONGO not in steps:
        raise fail("--since is of documents: only `mongo` and `all` take it")
    since_ms = _moment(since)
    for step in steps:
        out.print(_PROMISES[step], markup=False, highlight=False)
    if steps != [What.MONGO]:
        agree_to("Begin", yes)
    with errors_said(sources):
        if What.MONGO in steps:
            mongo(sources, rate, since_ms)
        if What.TABLES in steps:
            tables(context, sources, of_stack=not stats_url)
        elif What.REDIS in steps:
            redis(sources)
        if What.MONGO in steps:
            history(sources)
    audit.prove(sources, deep=True)


def mongo(sources: "Sources", rate: float, since_ms: int | None = None) -> None:
    """Tells what MongoDB lacks, and restores it; has its history counted anew if anything came back."""
    from operations.rebuild import history
    from streams.index_keys import make_indexes

    # A collection that was dropped has lost them.
    asyncio.run(make_indexes(sources.mongo))
    _restore(sources, rate, since_ms)
    history.forget_if_noted(sources.mongo)


def history(sources: "Sources") -> None:
    """Waits until the workers have counted the history."""
    from operations import tallies
    from operations.rebuild import history as counted
    from operations.rebuild.history import HistoryBehindError

    try:
        with err.status("The workers count the history"):
            counted.wait(sources.mongo, asyncio.run(tallies.read(sources.kafka)), _HISTORY_SECONDS)
    except HistoryBehindError as error:
        raise fail(str(error)) from error


def _restore(sources: "Sources", rate: float, since_ms: int | None) -> None:
    from operations.deep_audit.documents import documents
    from operations.deep_audit.run import retired_of
    from operations.rebuild import history
    from operations.rebuild import mongo as restoring
    from operations.rebuild import plan as planning
    from operations.rebuild.pace import Pace

    with bars() as progress:
        reading = progress.add_task("Reading Kafka", total=None)
        looking = progress.add_task("Reading MongoDB", total=None)
        plan = asyncio.run(
            planning.make(
                sources.kafka,
                lambda: documents(sources.mongo, lambda more: progress.advance(looking, more)),
                retired=retired_of(sources.mongo),
                since_ms=since_ms,
                on_total=lambda total: progress.update(reading, total=total),
                on_progress=lambda more: progress.advance(reading, more),
            )
        )
    _print(plan)
    if not plan.restorable:
        _tell_of_twice(plan.counted_twice)
        return
    history.note(sources.mongo)
    with bars() as progress:
        task = progress.add_task("Restoring", total=plan.restorable)
        overtaken = asyncio.run(
            restoring.restore(
                sources.kafka, sources.mongo, plan, Pace(rate), lambda more: progress.advance(task, more)
            )
        )
    out.print(f"MongoDB: {plan.restorable - overtaken:,} restored.", highlight=False)
    _tell_of_twice(plan.counted_twice + overtaken)


def tables(context: typer.Context, sources: "Sources", *, of_stack: bool) -> None:
    """Has the tables, and Redis with them, counted anew."""
    from operations.local import endpoints
    from operations.rebuild import counting, worker_pause
    from operations.rebuild import redis as published
    from operations.rebuild import tables as counted
    from operations.rebuild.tables import WorkersRunError

    own = of_stack and folder(context).endpoints.exists()
    pause: AbstractContextManager[None] = worker_pause.paused(folder(context)) if own else nullcontext()
    if own:
        endpoints.read(folder(context))
    try:
        with err.status("Stopping the workers, and starting them without tables"), pause:
            asyncio.run(
                counted.forget(sources.kafka, sources.mongo, wait_seconds=_SESSION_SECONDS if own else 0.0)
            )
            # A tally there is ahead of the tables for as long as these are behind.
            published.forget(sources.redis)
    except WorkersRunError as error:
        raise fail(f'{error}. In Kubernetes: docs/deployment.md, "Backup, restore, rebuild"') from error
    if not own:
        out.print("The tables are empty. Start the workers now: it is waited until they have counted.")
    with bars() as progress:
        task = progress.add_task("Counting", total=None)
        total = 0
        for lag in counting.behind(sources):
            if lag is not None:
                total = max(total, lag)
                progress.update(task, total=total, completed=total - lag)


def redis(sources: "Sources") -> None:
    """Has the workers publish anew."""
    from operations.rebuild import redis as published

    published.forget(sources.redis)


def agree_to(question: str, yes: bool) -> None:
    """Asks, or fails where nobody can be asked."""
    if yes:
        return
    if not err.is_terminal:
        raise fail("this deletes something: say so with --yes")
    if not typer.confirm(f"{question}?", err=True):
        raise fail("Nothing was done.")


@contextmanager
def errors_said(sources: "Sources") -> Iterator[None]:
    """Has a store that is away end in a sentence, and an interruption, too."""
    from aiokafka.errors import KafkaError
    from pymongo.errors import PyMongoError
    from redis.exceptions import RedisError

    from operations.committed_log import StandstillError

    again = "Run it again: it goes on with what is still missing."
    try:
        yield
    except (KafkaError, StandstillError) as error:
        raise fail(f"Kafka at {sources.kafka.bootstrap_servers}: {error!r}. {again}", _UNREACHABLE) from error
    except PyMongoError as error:
        raise fail(f"MongoDB: {error}. {again}", _UNREACHABLE) from error
    except RedisError as error:
        raise fail(f"Redis: {error}. {again}", _UNREACHABLE) from error
    except KeyboardInterrupt:
        raise fail(f"Interrupted. {again}", _INTERRUPTED) from None


def _print(plan: "Plan") -> None:
    table = Table(title="What MongoDB lacks", title_justify="left")
    for column in ("Partition", "From", "Counted to", "Restorable", "Out of reach"):
        table.add_column(column, justify="right")
    for partition, of in plan.partitions.items():
        table.add_row(
            *(f"{n:,}" for n in (partition, of.beginning, of.tally.offset, len(of.offsets), of.out_of_reach))
        )
    out.print(table)
    out.print(
        f"{plan.stored:,} documents are there; {plan.restorable:,} can be restored; {plan.out_of_reach:,} "
        "cannot: Kafka's log, or what was asked for of it, has their records no longer.",
        highlight=False,
    )
    if not plan.partitions:
        out.print("The tables have counted nothing of this topic: the workers store what they count.")


def _tell_of_twice(count: int) -> None:
    if count:
        err.print(
            f"{count:,} tweets were sent again, and counted again, before their documents were back: "
            "`weather-tweets rebuild tables` counts them once.",
            style="yellow",
            highlight=False,
            soft_wrap=True,
        )


def _moment(text: str) -> int | None:
    from weather_tweets.moments import moment

    try:
        return int(moment(text, datetime.now(UTC)).timestamp() * 1000) if text else None
    except ValueError as error:
        raise fail(str(error)) from error
