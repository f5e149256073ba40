"""The result as it is shown in a terminal."""

from collections.abc import Iterator

from rich.box import SIMPLE_HEAD
from rich.table import Table

from bench.goals import GOALS
from bench.rows import Row


def stage_tables(stage: str, rows: list[Row]) -> Iterator[Table]:
    """One stage's rows, and what each process had of the CPU time per tweet."""
    table = _table("", title=stage)
    for column in ("Tweets/s", "±%", "CPU-µs", "±%", "p50 ms", "p99 ms", "p99.9", "Peak MB"):
        table.add_column(column, justify="right")
    for row in rows:
        table.add_row(
            row.name,
            f"{row.rate_per_second:,.0f}",
            f"{row.rate_spread_percent / 2:.0f}",
            _short(row.cpu_us_per_tweet),
            f"{row.cpu_spread_percent / 2:.0f}",
            _milliseconds(row.p50_ms),
            _milliseconds(row.p99_ms),
            _milliseconds(row.p999_ms),
            f"{row.peak_rss_mb:.0f}",
        )
    yield table
    names = list(dict.fromkeys(name for row in rows for name in row.processes))
    each = _table("CPU-µs of")
    for name in names:
        each.add_column(name, justify="right")
    for row in rows:
        uses = (row.processes.get(name) for name in names)
        each.add_row(row.name, *(_short(use.cpu_us_per_tweet) if use else "" for use in uses))
    yield each
    if any(row.hops for row in rows):
        yield _hops_table(rows)


def _hops_table(rows: list[Row]) -> Table:
    names = list(dict.fromkeys(name for row in rows for name in row.hops))
    table = _table("Batches/s × tweets of")
    for name in names:
        table.add_column(name, justify="right")
    for row in rows:
        hops = (row.hops.get(name) for name in names)
        cells = (
            f"{hop.batches_per_second:,.0f} × {_short(hop.tweets_per_batch)}" if hop else "" for hop in hops
        )
        table.add_row(row.name, *cells)
    return table


def figures_table(ratios: dict[str, float]) -> Table:
    """The figures against their goals."""
    table = _table("Figure", title="Figures")
    table.add_column("Value", justify="right")
    table.add_column("Goal", justify="right")
    table.add_column("")
    for name, value in ratios.items():
        goal = GOALS.get(name)
        if goal is None:
            table.add_row(name, f"{value:,.2f}", "", "")
            continue
        bound = f"≥ {goal.at_least:g}" if goal.at_least is not None else f"≤ {goal.at_most:g}"
        reached = "[green]reached[/]" if goal.reached(value) else "[red]missed[/]"
        table.add_row(goal.figure, f"{value:,.2f}", bound, reached)
    return table


def _table(first_column: str, *, title: str | None = None) -> Table:
    """Narrow enough for eighty columns."""
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=0, pad_edge=False)
    table.add_column(first_column, min_width=18)
    return table


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def _milliseconds(value: float | None) -> str:
    return "" if value is None else _short(value)
