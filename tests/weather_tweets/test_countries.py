import pytest

from weather_tweets import countries


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Guatemala", "GT"),
        ("gt", "GT"),
        ("GTM", "GT"),
        ("  GUATEMALA ", "GT"),
        ("México", "MX"),
        ("Me\u0301xico", "MX"),
        ("mexico", "MX"),
        ("Estados Unidos", "US"),
        ("EE. UU.", "US"),
        ("USA", "US"),
        ("United Kingdom", "GB"),
        ("日本", "JP"),
        ("भारत", "IN"),
        ("مصر", "EG"),
        ("Deutschland", "DE"),
        ("Côte d'Ivoire", "CI"),
        ("Côte d’Ivoire", "CI"),
        ("Kosovo", "XK"),
    ],
)
def test_names_and_codes_fold_to_one_country(name: str, code: str) -> None:
    assert countries.resolve(name).code == code


@pytest.mark.parametrize("name", ["Atlantis", "", "ZZ", "EU", "Unión Europea", "💧"])
def test_what_is_no_country_is_unknown(name: str) -> None:
    assert countries.resolve(name) == countries.UNKNOWN


def test_every_spanish_name_and_code_resolves_to_its_own_country() -> None:
    known = [country for country in countries.by_code().values() if country != countries.UNKNOWN]
    assert len(known) == 250
    for country in known:
        assert countries.resolve(country.name) == country
        assert countries.resolve(country.code) == country
