"""The chaos command itself, for two minutes, with faults of all kinds that one broker can have."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running_stack import RunningStack, run_stack


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    yield from run_stack(tmp_path_factory.mktemp("chaos") / "data", options=("--proxied",))


@pytest.mark.long
def test_nothing_is_lost_or_counted_twice_under_two_minutes_of_faults(
    proxied: RunningStack, tmp_path: Path
) -> None:
    file = tmp_path / "chaos.json"
    proxied.cli("chaos", "--minutes", "2", "--seed", "2", "--json", str(file))
    report = json.loads(file.read_text())
    assert report["lost"] == 0
    assert report["duplicated"] == 0
    assert report["never_sent"] == 0
    assert report["wrong_ids"] == 0
    assert report["agree"] is True
    assert report["deep_differences"] == []
    assert [fault["failed"] for fault in report["faults"] if fault["failed"]] == []
    assert report["acknowledged"] > 1000
    assert len(report["faults"]) >= 5


def test_a_fault_that_cannot_be_had_is_refused_before_anything_is_started(tmp_path: Path) -> None:
    nowhere = RunningStack(tmp_path / "data")
    assert "--list-faults" in nowhere.cli("chaos", "--faults", "gravity", status=2)
    assert not nowhere.folder.path.exists()
    assert "worker-redis" in nowhere.cli("chaos", "--list-faults")
