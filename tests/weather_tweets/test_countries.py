import pytest

from weather_tweets import countries, places


def test_there_are_the_249_of_iso_3166_1_and_kosovo() -> None:
    known = [country for country in countries.by_code().values() if country != countries.UNKNOWN]
    assert len(known) == 250
    assert countries.by_code()["GT"] == countries.Country("GT", "Guatemala")


@pytest.mark.parametrize("code", sorted(countries.by_code().keys() - {countries.UNKNOWN.code}))
def test_every_spanish_name_and_code_is_understood_as_its_own_country(code: str) -> None:
    country = countries.by_code()[code]
    assert places.resolve(country.name) == country
    assert places.resolve(country.code) == country
