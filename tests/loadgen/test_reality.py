import random
from calendar import monthrange
from collections import Counter

import pytest

from loadgen.reality import rhythm, volume, weather
from loadgen.reality.places import Climate, all_cities, all_places
from weather_tweets import countries

TROPICS = Climate(
    temperature=(27.0,) * 12,
    range=(8.0,) * 12,
    rain=(10.0,) * 6 + (300.0,) * 6,
    wet_days=(2.0,) * 6 + (25.0,) * 6,
    sunshine=(70.0,) * 12,
    wind=(2.0,) * 12,
)
STEPPE = Climate(
    temperature=(-15.0, -14.0, -6.0, 6.0, 14.0, 19.0, 21.0, 19.0, 13.0, 5.0, -5.0, -12.0),
    range=(9.0,) * 12,
    rain=(20.0,) * 12,
    wet_days=(8.0,) * 12,
    sunshine=(50.0,) * 12,
    wind=(4.0,) * 12,
)


def kinds(climate: Climate, month: int, hour: int, draws: int = 3000) -> Counter[str]:
    rng = random.Random(4)
    return Counter(weather.draw(rng, climate, month, hour).kind for _ in range(draws))


def test_every_country_and_city_has_a_whole_climate() -> None:
    climates = [place.climate for place in all_places()] + [city.climate for city in all_cities()]
    for climate in climates:
        assert all(len(values) == 12 for values in vars(climate).values())
        assert all(-50 < value < 45 for value in climate.temperature)
        assert all(0 <= value <= 31 for value in climate.wet_days)
        assert all(0 <= value <= 100 for value in climate.sunshine)
        assert min(climate.rain) >= 0


def test_the_world_is_whole_and_each_country_is_in_it_once() -> None:
    codes = [place.country.code for place in all_places()]
    assert len(codes) == len(set(codes)) >= 200
    assert set(codes) <= set(countries.by_code())
    users = volume.users()
    assert users.keys() == set(codes)
    assert sum(users.values()) == pytest.approx(volume.WORLD_X_USERS)
    assert min(users.values()) > 0
    assert max(users, key=users.__getitem__) == "US"


def test_south_of_the_equator_january_is_summer() -> None:
    climates = {place.country.code: place.climate for place in all_places()}
    assert climates["AR"].temperature[0] > climates["AR"].temperature[6] + 8
    assert climates["ES"].temperature[0] < climates["ES"].temperature[6] - 8
    assert climates["GT"].wet_days[5] > 2 * climates["GT"].wet_days[1]


@pytest.mark.parametrize("month", [2, 9])
def test_it_rains_as_often_as_the_climate_says(month: int) -> None:
    wet = sum(kinds(TROPICS, month, 14)[kind] for kind in weather.PRECIPITATION) / 3000
    expected = TROPICS.wet_days[month - 1] / monthrange(2026, month)[1] * weather.WET_DAY_PART
    assert weather.precipitation_share(TROPICS, month) == pytest.approx(expected, rel=0.01)
    assert wet == pytest.approx(expected, abs=0.03)


def test_it_snows_in_the_cold_and_only_there() -> None:
    assert kinds(STEPPE, 1, 8)[weather.SNOW] > 0
    assert kinds(STEPPE, 1, 8)[weather.RAIN] < kinds(STEPPE, 1, 8)[weather.SNOW] / 10
    assert kinds(STEPPE, 7, 14)[weather.SNOW] == 0
    assert all(kinds(TROPICS, month, 3)[weather.SNOW] == 0 for month in range(1, 13))


def test_heat_and_cold_are_what_is_hot_and_cold_there() -> None:
    assert kinds(STEPPE, 1, 8)[weather.COLD] > 800
    assert kinds(STEPPE, 1, 8)[weather.HEAT] == 0
    assert kinds(TROPICS, 2, 15)[weather.COLD] == 0
    assert kinds(TROPICS, 2, 15)[weather.HEAT] > 100


def test_the_sun_does_not_shine_at_night() -> None:
    assert kinds(TROPICS, 2, 2)[weather.SUN] == 0
    assert kinds(TROPICS, 2, 2)[weather.CLEAR_NIGHT] > 0
    assert kinds(TROPICS, 2, 12)[weather.CLEAR_NIGHT] == 0


def test_the_hours_of_a_day_add_up_and_people_sleep() -> None:
    assert sum(rhythm.HOURLY_PERCENT) == pytest.approx(100)
    assert min(range(24), key=rhythm.HOURLY_PERCENT.__getitem__) == 4
    assert max(range(24), key=rhythm.HOURLY_PERCENT.__getitem__) == 21
    assert [rhythm.part_of_day(hour) for hour in (0, 5, 12, 19)] == [
        "night",
        "morning",
        "afternoon",
        "evening",
    ]


def test_people_write_in_the_languages_of_their_country() -> None:
    known = frozenset({"es", "en", "pt", "fr", "de", "it", "ja", "ar", "hi", "id"})
    languages = {place.country.code: place.languages(known) for place in all_places()}
    assert max(languages["GT"], key=languages["GT"].__getitem__) == "es"
    assert set(languages["CH"]) >= {"de", "fr", "it"}
    assert languages["CH"]["de"] > languages["CH"]["fr"] > languages["CH"]["it"]
    assert languages["CA"]["en"] > languages["CA"]["fr"] > 0
    # Their own language is not known: then English, and not German because many learn it.
    assert languages["PL"]["en"] > 10 * languages["PL"]["de"]
