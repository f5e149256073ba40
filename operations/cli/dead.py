"""`weather-tweets dead`: list, show, requeue, discard."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich.table import Table

from operations.cli.context import err, fail, folder, out, speaks

if TYPE_CHECKING:
    from operations.dead.deciding import Outcome
    from operations.dead.selection import Selection
    from weather_tweets.settings import KafkaSettings

T = TypeVar("T")

app = typer.Typer(
    help="Dead letters: records of the topic that are no tweets, why, and what is to become of them.",
    no_args_is_help=True,
)

_UNREACHABLE = 2
_SHOWN_CHARACTERS = 60

Ids = Annotated[
    list[str] | None, typer.Argument(help="Letters, as `list` names them: 2-117-9f3c2a, or 2-117.")
]
Reason = Annotated[str, typer.Option(help="Those whose reason has this text in it.")]
Since = Annotated[str, typer.Option(help="Refused since: a time (ISO 8601), or 90m, 12h, 3d ago.")]
Until = Annotated[str, typer.Option(help="Refused before: the same.")]
Partition = Annotated[int | None, typer.Option(help="Of the partition that the record was in.")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]
All = Annotated[
    bool, typer.Option("--all", help="All letters: needed where no letter and no filter is given.")
]


@app.command("list")
@speaks
def list_(
    context: typer.Context,
    reason: Reason = "",
    since: Since = "",
    until: Until = "",
    partition: Partition = None,
    state: Annotated[str, typer.Option(help="open, requeued, discarded or all.")] = "open",
    limit: Annotated[
        int, typer.Option(min=0, help="Most letters that are listed one by one, the newest.")
    ] = 20,
    as_json: AsJson = False,
) -> None:
    """Show how many letters there are for which reason, with examples, and the newest one by one."""
    from operations.dead import describing, letters, settling
    from operations.dead.histogram import histogram
    from operations.dead.selection import STATES
    from operations.dead.selection import state as state_of

    if state not in (*STATES, "all"):
        raise fail(f"there is no state {state}: take open, requeued, discarded or all")
    selection = _selection([], reason, since, until, partition)

    async def read(settings: "KafkaSettings") -> tuple[list[Any], dict[str, Any], dict[str, int]]:
        decisions = await settling.read(settings)
        counts = dict.fromkeys(STATES, 0)
        found = []
        async for letter in letters.read(settings):
            if selection.takes(letter):
                counts[state_of(letter, decisions)] += 1
                if state in ("all", state_of(letter, decisions)):
                    found.append(letter)
        return found, decisions, counts

    found, decisions, counts = _ask(context, read)
    bars = histogram(found)
    newest = sorted(found, key=lambda letter: letter.timestamp, reverse=True)[:limit]
    if as_json:
        typer.echo(
            _json({
                "letters": counts,
                "reasons": [describing.bar(bar) for bar in bars],
                "newest": [describing.letter(letter, decisions) for letter in newest],
            })
        )  # fmt: skip
        return
    out.print(", ".join(f"{count:,} {name}" for name, count in counts.items()), highlight=False)
    if not found:
        return
    table = Table("Reason", "Letters", "First", "Last", "For instance")
    for bar in bars:
        one = bar.examples[0]
        table.add_row(
            _printable(bar.reason),
            f"{bar.letters:,}",
            _minute(bar.first),
            _minute(bar.last),
            f"{one.id}  {_brief(one.value)}",
        )
    out.print(table, markup=False, highlight=False)
    if newest:
        table = Table("Letter", "State", "Refused", "Value")
        for letter in newest:
            table.add_row(
                letter.id, state_of(letter, decisions), _minute(letter.timestamp), _brief(letter.value)
            )
        out.print(table, markup=False, highlight=False)


@app.command()
@speaks
def show(
    context: typer.Context,
    ids: Ids = None,
    reason: Reason = "",
    since: Since = "",
    until: Until = "",
    partition: Partition = None,
    all_: All = False,
    as_json: AsJson = False,
) -> None:
    """Print records as they were, why they were refused, and what would become of them today."""
    from operations.dead import describing, letters, settling

    selection = _limited(_selection(ids or [], reason, since, until, partition), all_)

    async def read(settings: "KafkaSettings") -> tuple[list[dict[str, Any]], set[str]]:
        decisions = await settling.read(settings)
        unknown = set(selection.ids)
        found = []
        async for letter in letters.read(settings):
            if selection.takes(letter):
                unknown -= selection.ids_of(letter)
                found.append(describing.letter(letter, decisions))
        return found, unknown

    found, unknown = _ask(context, read)
    if as_json:
        typer.echo(_json(found))
    else:
        for letter in found:
            _print(letter)
    _complain(unknown)


@app.command()
@speaks
def requeue(
    context: typer.Context,
    ids: Ids = None,
    reason: Reason = "",
    since: Since = "",
    until: Until = "",
    partition: Partition = None,
    all_: All = False,
    edit: Annotated[bool, typer.Option("--edit", help="Mend each in $EDITOR first.")] = False,
    as_json: AsJson = False,
) -> None:
    """Put letters into the topic again, once; exit status 1 where one is no tweet today either, and stays."""
    from operations.dead import deciding
    from operations.dead.editing import EditorError, edited

    selection = _limited(_selection(ids or [], reason, since, until, partition), all_)
    try:
        outcome = _ask(
            context, lambda settings: deciding.requeue(settings, selection, edited if edit else None)
        )
    except EditorError as error:
        raise fail(str(error)) from error
    _tell(outcome, as_json)


@app.command()
@speaks
def discard(
    context: typer.Context,
    ids: Ids = None,
    reason: Reason = "",
    since: Since = "",
    until: Until = "",
    partition: Partition = None,
    all_: All = False,
    note: Annotated[str, typer.Option(help="Why, for whoever looks later.")] = "",
    as_json: AsJson = False,
) -> None:
    """Mark letters as looked at and not wanted; `requeue` with a letter's name can still bring it back."""
    from operations.dead import deciding

    selection = _limited(_selection(ids or [], reason, since, until, partition), all_)
    _tell(_ask(context, lambda settings: deciding.discard(settings, selection, note)), as_json)


def _selection(ids: list[str], reason: str, since: str, until: str, partition: int | None) -> "Selection":
    # Here and not above: these imports take half a second, which other commands need not wait for.
    from operations.dead.selection import Selection
    from weather_tweets.moments import moment

    now = datetime.now(UTC)
    try:
        begin, end = (int(moment(text, now).timestamp() * 1000) if text else None for text in (since, until))
    except ValueError as error:
        raise fail(str(error)) from error
    return Selection(tuple(ids), reason, begin, end, partition)


def _limited(selection: "Selection", all_: bool) -> "Selection":
    if not selection.is_limited and not all_:
        raise fail(
            "which letters? Name them, or give a filter (--reason, --since, --until, --partition) or --all"
        )
    return selection


def _ask(context: typer.Context, question: Callable[["KafkaSettings"], Coroutine[Any, Any, T]]) -> T:
    from aiokafka.errors import KafkaError, ProducerFenced

    from operations.audit_sources import choose

    settings = choose(folder(context)).kafka
    try:
        return asyncio.run(question(settings))
    except ProducerFenced as error:
        raise fail(
            "another `weather-tweets dead` has begun to decide meanwhile: run this one again"
        ) from error
    except (KafkaError, OSError) as error:
        raise fail(f"Kafka at {settings.bootstrap_servers}: {error!r}", _UNREACHABLE) from error


def _tell(outcome: "Outcome", as_json: bool) -> None:
    import msgspec

    if as_json:
        typer.echo(_json(msgspec.to_builtins(outcome)))
    else:
        for id_, to in outcome.requeued.items():
            out.print(f"{id_} is in {to} now", highlight=False, markup=False)
        if outcome.discarded:
            out.print(f"{len(outcome.discarded):,} discarded", highlight=False)
        if outcome.before:
            out.print(f"{len(outcome.before):,} were decided on before: nothing changed", highlight=False)
        for id_, reason in outcome.refused.items():
            err.print(f"{id_} is no tweet today either: {reason}", style="red", markup=False, highlight=False)
        if outcome.refused:
            err.print("Mend them with --edit, or discard them.", highlight=False)
    _complain(set(outcome.unknown))
    if outcome.refused:
        raise typer.Exit(1)


def _complain(unknown: set[str]) -> None:
    if unknown:
        raise fail(f"no such letter: {', '.join(sorted(unknown))}. `weather-tweets dead list` shows them")


def _print(letter: dict[str, Any]) -> None:
    table = Table(title=letter["id"], title_justify="left", show_header=False)

    def row(name: str, shown: Any) -> None:
        table.add_row(_printable(name), _printable(shown if isinstance(shown, str) else _json(shown)))

    row("was in", f"{letter['topic']}, partition {letter['partition']}, offset {letter['offset']}")
    row("refused", f"{letter['refused_at']}: {letter['reason']}")
    today = letter["today"]
    row("today", today["tweet"] if today["acceptable"] else f"refused: {today['reason']}")
    row("state", letter.get("decision", letter["state"]))
    row("key", letter["key"] or "")
    row("value", letter["value"])
    for name, value in letter["headers"]:
        row(f"header {name}", value)
    out.print(table, markup=False, highlight=False)


def _json(content: Any) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False)


def _brief(value: bytes) -> str:
    text = _printable(value.decode(errors="replace"))
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[: _SHOWN_CHARACTERS - 1]}…"


def _printable(text: str) -> str:
    """Without what a terminal would take for a command: anybody may have written it."""
    return "".join(
        letter if letter.isprintable() or letter == "\n" else repr(letter)[1:-1] for letter in text
    )


def _minute(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%MZ")
