"""The stage of the front door: its rows, figures and requests; the parts under load are the benchmark's."""

import json
from pathlib import Path

import pytest

from bench.goals import GOALS
from bench.reading import Reading
from bench.rows import OURS, Row, Run, row
from bench.stages import door


def measured(load: door.Load, *, cpu_seconds: dict[str, float], tweets: int = 1000) -> Row:
    """A row of one run of a second."""
    reading = Reading(1.0, cpu_seconds, dict.fromkeys(cpu_seconds, 100_000_000))
    counting = {door.FLOOR} if load.part == door.FLOOR else OURS
    return row(load.name, [Run(tweets, reading, 1.0, 7.0)], counting=counting)


def test_figures_are_ratios_within_the_run() -> None:
    rows = {}
    for load in door.QUICK:
        cpu = {"gateway": 0.08, "producer": 0.04, "kafka": 0.2}
        if load.part == door.FLOOR:
            cpu = {"sanic": 0.05}
        tweets = 250 if load.part == door.UNARY else 1000
        rows[load.name] = measured(load, cpu_seconds=cpu, tweets=tweets)
    figures = door.figures(rows)
    assert figures.keys() <= GOALS.keys()
    assert figures["door_64_rate_over_unary"] == 4
    assert figures["door_64_cpu_us"] == pytest.approx(120)
    assert figures["door_64_gateway_cpu_over_sanic_floor"] == pytest.approx(1.6)
    assert figures["door_10_p99_ms"] == 7
    assert figures["door_peak_rss_mb"] == 100


def test_every_request_of_arrays_has_as_many_tweets(tmp_path: Path) -> None:
    tweets = [json.dumps({"texto": f"Llueve {number}", "país": "Perú"}).encode() for number in range(7)]
    door.write_bodies(tweets, tmp_path / "bodies", per_request=3)
    arrays = [json.loads(line) for line in (tmp_path / "bodies").read_text().splitlines()]
    assert [len(array) for array in arrays] == [3, 3]
    assert arrays[1][2]["texto"] == "Llueve 5"
