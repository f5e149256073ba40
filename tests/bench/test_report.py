"""The result as a file."""

import json
from pathlib import Path

import pytest

from bench import report as reports
from tests.bench.results import TIMELINE, report

_STAGES = {"door", "streams", "whole", "growth", "kafka"}
_VALUES = {"name", "rate_per_second", "cpu_us_per_tweet", "p50_ms", "p99_ms", "peak_rss_mb"}


def test_the_file_has_every_stage_and_every_value(tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    reports.write(report(door_10_p99_ms=9.5), file)
    written = json.loads(file.read_text())
    assert written.keys() >= _STAGES | {"ratios"}
    assert all(row.keys() >= _VALUES for stage in _STAGES for row in written[stage])
    assert written["ratios"] == {"door_10_p99_ms": 9.5}


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    reports.write(report(door_10_p99_ms=9.5), file)
    assert reports.read(file) == report(door_10_p99_ms=9.5)
    assert reports.read(file).timelines == [TIMELINE]


def test_a_file_that_is_no_result_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "other.json"
    file.write_text('{"ratios": {}}')
    with pytest.raises(reports.UnreadableReportError, match=r"other\.json is no result"):
        reports.read(file)
