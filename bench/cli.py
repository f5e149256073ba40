"""`python -m bench`: a developer's tool, no part of what is installed."""

import signal
import tempfile
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from typer.core import TyperGroup

from operations.cli.context import err, fail, out, speaks
from operations.local.folder import DEFAULT

if TYPE_CHECKING:
    from bench.rows import Result


class _RunByDefault(TyperGroup):
    """`python -m bench door` is `python -m bench run door`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or args[0] not in (*self.commands, *self.get_help_option_names(ctx)):
            args = ["run", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_RunByDefault,
    help="Measure what a tweet costs. `python -m bench [STAGE…]` is `python -m bench run [STAGE…]`.",
    add_completion=False,
    pretty_exceptions_show_locals=False,
)

DataDir = Annotated[
    Path, typer.Option(envvar="WEATHER_DATA_DIR", help="Folder in which the parts get theirs.")
]


@app.command()
@speaks
def run(
    stages: Annotated[
        list[str] | None,
        typer.Argument(metavar="STAGE", help="door, streams, whole, growth or kafka; all by default."),
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the result there, too.")] = None,
    plots: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Draw the result there (SVG), too.")
    ] = None,
    quick: Annotated[bool, typer.Option(help="Less of everything: a rough look.")] = False,
    data_dir: DataDir = DEFAULT,
) -> None:
    """Measure the stages on parts of their own, side by side in one run, and hold the figures to the goals.

    A running stack is not touched, but it takes its share of the machine: stop it before.
    """
    from bench import report as reports
    from bench import tables
    from bench.stages import NAMES

    chosen = _known(stages or NAMES)
    if plots and not find_spec("matplotlib"):
        raise fail("Plots need matplotlib: `make setup-bench` installs it.", 2)
    report = reports.new(quick=quick)
    failed: list[str] = []
    for stage, result in _results(data_dir, chosen, failed, quick=quick):
        report.add(stage, result)
        # After every stage: who waits for the last may have given up by then.
        if json_file:
            reports.write(report, json_file)
    if plots:
        from bench.plots import draw

        draw(report, plots)
    for stage in chosen:
        for table in tables.stage_tables(stage, getattr(report, stage)):
            out.print(table)
    out.print(tables.figures_table(report.ratios))
    if failed:
        raise fail(f"No result of {', '.join(failed)}; why is said above.")


@app.command()
@speaks
def profile(
    stage: Annotated[str, typer.Argument(help="door, streams, whole, growth or kafka.")],
    target: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the flame graphs (SVG) go.")],
    data_dir: DataDir = DEFAULT,
) -> None:
    """Draw where the CPU time of our services goes under the load of a stage (by py-spy)."""
    from bench import profiled

    _known([stage])
    if not profiled.is_installed():
        raise fail("Profiles need py-spy: `make setup-dev` installs it.", 2)
    target.mkdir(parents=True, exist_ok=True)
    for former in target.glob("*.svg"):
        former.unlink()
    # What is measured under the profiler says nothing.
    failed: list[str] = []
    list(_results(data_dir, [stage], failed, quick=True, profiles=target.resolve()))
    if failed:
        raise fail(f"No profile of {stage}; why is said above.")
    for graph in sorted(target.glob("*.svg")):
        out.print(str(graph), soft_wrap=True)


def _known(stages: Iterable[str]) -> list[str]:
    from bench.stages import NAMES

    chosen = list(stages)
    if unknown := [name for name in chosen if name not in NAMES]:
        raise fail(f"There is no stage {', '.join(unknown)}: there are {', '.join(NAMES)}.", 2)
    return chosen


def _results(
    root: Path, stages: list[str], failed: list[str], *, quick: bool, profiles: Path | None = None
) -> Iterator[tuple[str, "Result"]]:
    """Runs the stages, and shows how far they are; one that fails says why, is noted, and the next begins."""
    from bench.bench import Bench
    from bench.failure import StageFailedError
    from bench.stages import run as run_stage
    from operations.energy.traffic import RefusedTweetsError
    from operations.local.part import PartFailedError
    from operations.swarm_run import SwarmFailedError
    from weather_tweets.processed import NotProcessedError

    expected = (NotProcessedError, PartFailedError, RefusedTweetsError, StageFailedError, SwarmFailedError)
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    # So that whoever ends us does not leave the parts behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with (
        tempfile.TemporaryDirectory(prefix="bench-", dir=root) as scratch,
        Progress(
            SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=err
        ) as progress,
    ):
        for number, stage in enumerate(stages, 1):
            title = f"{stage} ({number} of {len(stages)})"
            task = progress.add_task(title, total=1)

            def step(what: str, *, task: Any = task, title: str = title) -> None:
                progress.update(task, description=f"{title}: {what}")

            try:
                result = run_stage(stage, Bench(Path(scratch), quick, step, err.print, profiles))
            except expected as error:
                err.print(f"{stage}: {error}", style="red")
                progress.update(task, description=f"{title}: failed", completed=1)
                failed.append(stage)
                continue
            progress.update(task, description=title, completed=1)
            yield stage, result


@app.command()
def compare(
    before: Annotated[Path, typer.Argument(help="A result of `python -m bench --json`.")],
    after: Annotated[Path, typer.Argument(help="A later one.")],
    everything: Annotated[
        bool, typer.Option("--all", help="Also what changed by no more than noise.")
    ] = False,
) -> None:
    """Show what changed from one result to another by more than the runs differ among themselves."""
    from bench import report as reports
    from bench.compare import changes

    try:
        old, new = reports.read(before), reports.read(after)
    except reports.UnreadableReportError as error:
        raise fail(str(error), 2) from error
    if old.machine != new.machine:
        err.print("The machines differ: only the figures that are ratios can be compared.", style="yellow")
    table = Table("What", "Value")
    for column in ("Before", "After", "Change"):
        table.add_column(column, justify="right")
    for change in changes(old, new):
        if everything or not change.is_noise:
            table.add_row(
                change.name,
                change.value,
                f"{change.before:,.2f}",
                f"{change.after:,.2f}",
                f"{change.percent:+.0f} %",
            )
    out.print(table if table.row_count else "Nothing changed by more than noise.")
