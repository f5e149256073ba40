import pytest

from operations.energy import grid
from weather_tweets import countries


def test_guatemala_is_the_average_of_2022() -> None:
    assert grid.of_country("GT") == grid.GridIntensity("GT", "Guatemala", 328.268, 2022)


@pytest.mark.parametrize("name", ["ES", "ESP", "España", "spain", "Espagne"])
def test_any_name_of_a_country_will_do(name: str) -> None:
    assert grid.of_country(name).code == "ES"


@pytest.mark.parametrize("name", ["", "Atlantis", "AQ"])
def test_a_country_without_a_known_grid_is_an_error(name: str) -> None:
    with pytest.raises(grid.UnknownGridError):
        grid.of_country(name)


def test_every_row_is_a_country_with_a_figure_that_can_be() -> None:
    table = grid.by_code()
    assert len(table) > 200
    assert table.keys() <= countries.by_code().keys()
    # From hydropower alone to lignite alone, and half again for a poor plant.
    assert all(10 < place.gco2e_per_kwh < 1500 for place in table.values())
    assert all(2005 < place.year < 2026 for place in table.values())
