import pytest

from bench.goals import GOALS
from bench.reading import Reading
from bench.rows import Row, Run
from bench.stages import growth
from tests.bench.results import row


def _rows(costs: dict[str, float]) -> dict[str, Row]:
    return {name: row(name, cpu=cost) for name, cost in costs.items()}


BY_COUNTRIES = {"10 countries": 10.0, "100 countries": 11.0, "250 countries": 10.5}
BY_RECORDS = dict(zip((growth.stored(size) for size in growth.RECORDS), (10.0, 10.0, 9.0, 12.5), strict=True))


def test_a_line_is_as_flat_as_its_worst_point() -> None:
    figures = growth.figures(_rows(BY_COUNTRIES | BY_RECORDS))
    assert figures == pytest.approx(
        {"growth_countries_worst_percent": 10, "growth_records_worst_percent": 25}
    )
    assert figures.keys() <= GOALS.keys()


def test_a_quick_run_says_nothing_about_millions_of_records() -> None:
    quick = {name: BY_RECORDS[name] for name in (growth.stored(size) for size in growth.QUICK_RECORDS)}
    assert growth.figures(_rows(BY_COUNTRIES | quick)).keys() == {"growth_countries_worst_percent"}


def _run(tweets: int) -> Run:
    return Run(tweets, Reading(1.0, {"streams": 0.01, "gateway": 0.02}, {}))


def test_rows_come_by_what_grows_and_by_its_size() -> None:
    points = {name: [_run(1000)] for name in ("24 partitions", "6 partitions", "2 workers", "1 partitions")}
    rows = growth._rows({"10,000 records": [_run(1000)]}, points, {"1,000 viewers": [_run(1000)]})
    assert [(row.name, row.cpu_us_per_tweet) for row in rows] == [
        ("1 partitions", 10), ("6 partitions", 10), ("24 partitions", 10), ("10,000 records", 10),
        ("1 workers", 10), ("2 workers", 10), ("1,000 viewers", 20),
    ]  # fmt: skip
