"""Low, best and high."""

import pytest

from operations.energy.uncertainty import Range, Use, of
from weather_tweets.settings import EnergySettings

SETTINGS = EnergySettings()
USES = [Use(4000.0, 1100.0, 400.0), Use(3600.0, 1000.0, 390.0), Use(5000.0, 1400.0, 410.0)]


def test_the_best_is_the_run_in_the_middle_and_lies_between_the_bounds() -> None:
    found = of(USES, 328.0, SETTINGS, is_estimate=True)
    expected = 1100.0 * SETTINGS.watts_per_busy_cpu + 400.0 * SETTINGS.watts_per_gigabyte
    assert found.joules.best == pytest.approx(expected * SETTINGS.power_usage_effectiveness)
    for figure in (found.joules, found.gco2e, found.sci_gco2e):
        assert figure.low < figure.best < figure.high
    assert found.sci_gco2e.best > found.gco2e.best


def test_every_input_says_where_it_comes_from_and_the_widest_is_first() -> None:
    found = of(USES, 328.0, SETTINGS, is_estimate=True)
    assert {each.kind for each in found.inputs} == {"measured", "modelled", "assumed"}
    widths = [each.sci_high - each.sci_low for each in found.inputs]
    assert widths == sorted(widths, reverse=True)
    for each in found.inputs:
        assert each.source
        assert each.value.low <= each.value.best <= each.value.high
        assert found.sci_gco2e.low <= each.sci_low <= found.sci_gco2e.best <= each.sci_high


def test_what_was_measured_has_no_part_of_a_model() -> None:
    found = of(USES, 328.0, SETTINGS, is_estimate=False)
    assert found.joules == Range(3600.0, 4000.0, 5000.0)
    assert {each.name for each in found.inputs} == {"work of the runs", "making the server"}


def test_a_value_of_the_users_own_beyond_the_range_is_its_end() -> None:
    own = SETTINGS.model_copy(update={"watts_per_busy_cpu": 9.0})
    found = of(USES, 328.0, own, is_estimate=True)
    (busy,) = [each for each in found.inputs if each.name == "a busy CPU"]
    assert busy.value.high == busy.value.best == 9.0
