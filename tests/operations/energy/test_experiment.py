import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from operations.cli import app
from operations.energy.experiment import ARRAYS, STREAM, UNARY, Experiment, intensity
from operations.energy.grid import UnknownGridError
from operations.local.endpoints import NotRunningError
from operations.local.folder import Folder
from tests.running_stack import RunningStack
from weather_tweets.settings import EnergySettings

PARTS = {"kafka", "redis", "mongo", "gateway", "producer", "writer", "streams"}


# Locust is started four times, which a busy machine takes its time for.
def test_what_tweets_cost_is_said_per_service_and_per_million(stack: RunningStack, tmp_path: Path) -> None:
    file = tmp_path / "energy.json"
    arguments = ["--data-dir", str(stack.folder.path), "energy", "--country", "Suecia"]
    done = CliRunner().invoke(app, [*arguments, "--tweets", "300", "--runs", "2", "--json", str(file)])
    assert done.exit_code == 0, done.output
    report = json.loads(file.read_text(encoding="utf-8"))
    assert {service["name"] for service in report["services"]} == PARTS
    assert all(service["run"]["joules"] > 0 for service in report["services"])
    assert report["total"]["joules"] == pytest.approx(
        sum(service["run"]["joules"] for service in report["services"])
    )
    assert report["per_million_tweets"]["joules"] == pytest.approx(report["total"]["joules"] / 300 * 1e6)
    assert (report["country"], report["runs"], len(report["run_joules"])) == ("Suecia", 2, 2)
    assert [way["way"] for way in report["ways"]] == [UNARY, STREAM, ARRAYS]
    assert all(way["cpu_seconds_per_million_tweets"] > 0 for way in report["ways"])
    if report["is_estimate"]:
        assert "ESTIMATE" in done.output
    assert "differ by" in done.output


def test_without_a_stack_there_is_nothing_to_measure(tmp_path: Path) -> None:
    with pytest.raises(NotRunningError):
        Experiment(Folder(tmp_path), EnergySettings(), tweets=100, users=1)


def test_an_own_figure_of_the_grid_wins_over_the_table() -> None:
    settings = EnergySettings()
    assert intensity(settings.model_copy(update={"grid_gco2e_per_kwh": 12.5})).gco2e_per_kwh == 12.5
    with pytest.raises(UnknownGridError):
        intensity(settings.model_copy(update={"country": "Atlantis"}))
