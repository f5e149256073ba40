"""The chaos command itself, for two minutes."""

import json
from pathlib import Path

import pytest

from tests.running_stack import RunningStack


@pytest.mark.timeout(600)
def test_nothing_is_lost_or_counted_twice_under_two_minutes_of_faults(
    healthy: RunningStack, tmp_path: Path
) -> None:
    file = tmp_path / "chaos.json"
    healthy.cli("chaos", "--minutes", "2", "--seed", "2", "--json", str(file))
    report = json.loads(file.read_text())
    assert report["lost"] == 0
    assert report["duplicated"] == 0
    assert report["never_sent"] == 0
    assert report["wrong_ids"] == 0
    assert report["agree"] is True
    assert report["acknowledged"] > 1000
    assert len(report["faults"]) >= 5
