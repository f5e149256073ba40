"""The result as it is shown in a terminal."""

from rich.table import Table

from weather_tweets.bench.goals import GOALS
from weather_tweets.bench.rows import Row


def stage_table(stage: str, rows: list[Row]) -> Table:
    """One stage's rows."""
    table = Table("What", title=stage, title_justify="left")
    for column in ("Tweets/s", "±%", "CPU-µs/tweet", "±%", "p50 ms", "p99 ms", "Peak MB", "CPU-µs of each"):
        table.add_column(column, justify="right")
    for row in rows:
        table.add_row(
            row.name,
            f"{row.rate_per_second:,.0f}",
            f"{row.rate_spread_percent / 2:.0f}",
            f"{row.cpu_us_per_tweet:.1f}",
            f"{row.cpu_spread_percent / 2:.0f}",
            _milliseconds(row.p50_ms),
            _milliseconds(row.p99_ms),
            f"{row.peak_rss_mb:.0f}",
            ", ".join(f"{name} {use.cpu_us_per_tweet:.1f}" for name, use in row.processes.items()),
        )
    return table


def figures_table(ratios: dict[str, float]) -> Table:
    """The figures against their goals."""
    table = Table("Figure", title="Figures", title_justify="left")
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


def _milliseconds(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"
