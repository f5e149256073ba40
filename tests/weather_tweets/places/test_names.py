import pytest

from weather_tweets import places
from weather_tweets.countries import UNKNOWN


@pytest.mark.parametrize(
    ("name", "code", "by"),
    [
        ("Guatemala", "GT", "name"),
        ("  GUATEMALA ", "GT", "name"),
        ("gt", "GT", "code"),
        ("GTM", "GT", "code"),
        ("320", "GT", "code"),
        ("Me\u0301xico", "MX", "name"),
        ("日本", "JP", "name"),
        ("Kosovo", "XK", "name"),
        ("Mỹ Tho", "VN", "city"),
        ("Tanzania, United Republic of", "TZ", "name"),
        ("the Philippines", "PH", "name"),
        ("Trinidad & Tobago", "TT", "name"),
        ("Saint Vincent y Grenadines", "VC", "name"),
        ("Solomon Is.", "SB", "name"),
        ("El\u200b Salva\u00addor", "SV", "name"),
        ("#PuertoRico", "PR", "name"),
        ("Upper Volta", "BF", "former"),
        ("P.R. China", "CN", "everyday"),
        ("🇬🇹", "GT", "flag"),
        ("🏴\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f", "GB", "flag"),
        ("Guatemala 🇬🇹", "GT", "name"),
        ("Atlántida 🇭🇳", "HN", "division"),
        ("Nicaruaga", "NI", "typing error"),
        ("Argentna", "AR", "typing error"),
        ("Hondurras", "HN", "typing error"),
        ("Pnaama", "PA", "typing error"),
        ("Nuevo León", "MX", "division"),
        ("Barcelona", "ES", "city"),
        ("Quetzaltenango 🇬🇹", "GT", "division"),
        ("Puerto Barrios", "GT", "city"),
    ],
)
def test_what_people_put_into_país_is_understood(name: str, code: str, by: str) -> None:
    assert places.look_up(name).country.code == code
    assert places.look_up(name).by == by


@pytest.mark.parametrize(
    "name",
    [
        "Atlantis", "", " ", "\u200b", "ZZ", "EU", "Unión Europea", "💧", "🇬🇹🇲🇽", "Guatemala 🇲🇽",
        "Czechoslovakia", "17", "x" * 128, "ninguno", "N/A",
    ],
)  # fmt: skip
def test_what_is_no_country_or_could_be_two_is_unknown(name: str) -> None:
    assert places.look_up(name) == (UNKNOWN, None)


@pytest.mark.parametrize(
    "name",
    [
        "\ufdfa" * 80,
        "a" + "\u0301" * 79,
        "san " * 20,
        "A.B " * 20,
        "🇺🇸🇲🇽" * 20,
        "กรุงเทพมหานคร" * 6,
        "," * 128,
        "中" * 80,
    ],
)
def test_whatever_is_sent_is_answered(name: str) -> None:
    assert places.look_up(name).country.code
    assert places.look_up_profile(name).country.code


def test_what_is_remembered_is_bounded() -> None:
    for number in range(20_000):
        places.resolve(f"nowhere {number}")
        places.in_profile(f"nowhere {number}")
    assert places.resolve.cache_info().currsize <= 8192
    assert places.in_profile.cache_info().currsize <= 8192
