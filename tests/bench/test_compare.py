"""What became dearer or slower."""

from bench import report as reports
from bench.compare import Change, changes
from bench.report import Report
from bench.rows import Result, Row
from tests.bench.results import row


def _report(*rows: Row, **ratios: float) -> Report:
    report = reports.new(quick=True)
    report.add("door", Result(list(rows), ratios))
    return report


def _told(before: Report, after: Report) -> dict[tuple[str, str], Change]:
    return {(change.name, change.value): change for change in changes(before, after) if not change.is_noise}


def test_a_dearer_tweet_is_told() -> None:
    told = _told(_report(row("10 clients", cpu=20)), _report(row("10 clients", cpu=30)))
    assert told.keys() == {("door: 10 clients", "CPU-µs/tweet")}
    assert told["door: 10 clients", "CPU-µs/tweet"].percent == 50


def test_a_change_within_the_spread_of_either_is_noise() -> None:
    calm, wild = row("10 clients", cpu=20), row("10 clients", cpu=30, spread=60)
    assert not _told(_report(calm), _report(wild))
    assert not _told(_report(wild), _report(calm))


def test_latency_is_compared_where_both_have_one() -> None:
    timed, untimed = row("10 clients", p99=9), row("10 clients", p99=None)
    assert not _told(_report(timed), _report(untimed))
    assert ("door: 10 clients", "p99 ms") in _told(_report(timed), _report(row("10 clients", p99=20)))


def test_figures_are_compared_by_name_and_rows_of_one_result_only_are_left_out() -> None:
    told = _told(_report(row("1 client"), shared=2, gone=1), _report(row("10 clients"), shared=4, new=1))
    assert told.keys() == {("figure", "shared")}
