"""`/metrics` of several processes while one of them is only starting."""

from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Counter, generate_latest, values

from gateway import processes


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which a process has counted to 3."""
    monkeypatch.setenv(processes.FOLDER_VARIABLE, str(tmp_path))
    process_1 = values.MultiProcessValue(lambda: 1)  # type: ignore[no-untyped-call]
    monkeypatch.setattr("prometheus_client.metrics.values.ValueClass", process_1)
    Counter("weather_gateway_tweets_accepted", "", registry=CollectorRegistry()).inc(3)
    return tmp_path


def _metrics(folder: Path) -> str:
    return generate_latest(processes.together(str(folder), parent=1)).decode()


@pytest.mark.parametrize("content", [b"", bytes(2**20)], ids=["empty", "nothing but room"])
@pytest.mark.parametrize("kind", ["counter", "histogram", "gauge_livesum"])
def test_files_that_a_starting_process_has_not_filled_yet_hide_nobody_elses_counts(
    folder: Path, kind: str, content: bytes
) -> None:
    (folder / f"{kind}_2.db").write_bytes(content)
    assert "weather_gateway_tweets_accepted_total 3.0" in _metrics(folder)


def test_files_that_vanish_while_they_are_read_hide_nobody_elses_counts(folder: Path) -> None:
    (folder / "gauge_livesum_2.db").symlink_to(folder / "gone")
    assert "weather_gateway_tweets_accepted_total 3.0" in _metrics(folder)
