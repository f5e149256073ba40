"""The plots of a result. (Warnings are errors.)"""

import xml.etree.ElementTree as ET
from pathlib import Path

from bench import plots
from bench import report as reports
from bench.rows import Result
from tests.bench.results import report, row


def test_every_stage_the_timelines_and_the_figures_are_drawn(tmp_path: Path) -> None:
    ratios = {"door_10_p99_ms": 22.0, "growth_countries_worst_percent": 0.0, "door_10_rate_over_unary": 3.0}
    drawn = plots.draw(report(**ratios), tmp_path / "plots")
    names = {"door", "streams", "whole", "growth", "kafka", "timelines", "figures"}
    assert {file.stem for file in drawn} == names
    assert all(ET.parse(file).getroot().tag.endswith("svg") for file in drawn)  # noqa: S314 (our own)


def test_only_what_was_measured_is_drawn(tmp_path: Path) -> None:
    part = reports.new(quick=True)
    part.add("door", Result([row("10 clients")], {}))
    assert plots.draw(part, tmp_path, prefix="bench-") == [tmp_path / "bench-door.svg"]


def test_the_same_result_gives_the_same_files(tmp_path: Path) -> None:
    first, second = (
        [file.read_bytes() for file in plots.draw(report(), tmp_path / name)] for name in ("a", "b")
    )
    assert first == second
