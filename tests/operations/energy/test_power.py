from pathlib import Path

import pytest

from operations.energy.power import EstimateMeter, RaplMeter, Work, meter
from weather_tweets.settings import EnergySettings

SETTINGS = EnergySettings()


def package(powercap: Path, number: int, microjoules: int, name: str = "package-0") -> Path:
    folder = powercap / f"intel-rapl:{number}"
    folder.mkdir()
    (folder / "name").write_text(f"{name}\n")
    (folder / "max_energy_range_uj").write_text("1000000000\n")
    (folder / "energy_uj").write_text(f"{microjoules}\n")
    return folder


def test_a_machine_without_rapl_is_estimated_and_says_so(tmp_path: Path) -> None:
    found = meter(SETTINGS, tmp_path)
    assert found.is_estimate
    assert found.method.startswith("ESTIMATE")
    assert "Cloud Carbon Footprint" in found.method


def test_the_estimate_is_busy_cpu_and_memory_over_time() -> None:
    found = EstimateMeter(SETTINGS)
    # 10 s × 3.5 W, and 2 GB × 0.392 W × 20 s.
    assert found.joules(Work(10, 2e9), seconds=20, cpus=2) == pytest.approx(35 + 15.68)


def test_the_building_draws_its_part_too() -> None:
    found = EstimateMeter(SETTINGS.model_copy(update={"power_usage_effectiveness": 1.5}))
    assert found.joules(Work(10, 0), seconds=20, cpus=2) == pytest.approx(52.5)


def test_rapl_is_shared_out_by_cpu_time(tmp_path: Path) -> None:
    folder = package(tmp_path, 0, 5_000_000)
    found = meter(SETTINGS, tmp_path)
    assert isinstance(found, RaplMeter)
    assert not found.is_estimate
    found.start()
    (folder / "energy_uj").write_text("105000000\n")
    # 100 J in 10 s of 4 CPUs, of which 8 CPU-seconds are ours.
    assert found.joules(Work(8, 1e9), seconds=10, cpus=4) == pytest.approx(20)


def test_a_counter_that_ran_over_goes_on(tmp_path: Path) -> None:
    folder = package(tmp_path, 0, 999_000_000)
    found = meter(SETTINGS, tmp_path)
    found.start()
    (folder / "energy_uj").write_text("1000000\n")
    assert found.joules(Work(1, 0), seconds=1, cpus=1) == pytest.approx(2)


def test_zones_within_a_package_are_not_counted_again(tmp_path: Path) -> None:
    folders = [package(tmp_path, 0, 0), package(tmp_path, 1, 0, "package-1"), package(tmp_path, 2, 0, "psys")]
    core = tmp_path / "intel-rapl:0:0"
    core.mkdir()
    (core / "name").write_text("core\n")
    found = meter(SETTINGS, tmp_path)
    found.start()
    for folder in folders:
        (folder / "energy_uj").write_text("1000000\n")
    assert found.joules(Work(1, 0), seconds=1, cpus=1) == pytest.approx(2)


def test_counters_that_may_not_be_read_are_no_counters(tmp_path: Path) -> None:
    folder = package(tmp_path, 0, 0)
    (folder / "energy_uj").unlink()
    assert meter(SETTINGS, tmp_path).is_estimate
