import pytest

from operations.energy.footprint import footprint
from weather_tweets.settings import EnergySettings

SETTINGS = EnergySettings()


def test_a_kilowatt_hour_costs_what_the_grid_says() -> None:
    assert footprint(3.6e6, 0, 328.268, SETTINGS).operational_gco2e == pytest.approx(328.268)


def test_all_cpu_seconds_of_a_servers_life_cost_its_making() -> None:
    seconds = 4 * 365 * 24 * 3600 * 48
    assert footprint(0, seconds, 328.268, SETTINGS).embodied_gco2e == pytest.approx(1_000_000)


def test_the_sci_is_energy_by_grid_and_making_per_million_tweets() -> None:
    # 10,000 tweets: 36 J, 8 CPU-seconds.
    found = footprint(36, 8, 500, SETTINGS).per_unit(10_000)
    assert found.joules == pytest.approx(3600)
    assert found.operational_gco2e == pytest.approx(0.5)
    embodied = 100 * 1e6 * 8 / (4 * 365 * 24 * 3600 * 48)
    assert found.embodied_gco2e == pytest.approx(embodied)
    assert found.gco2e == pytest.approx(0.5 + embodied)
