import pytest

from weather_tweets import places


@pytest.mark.parametrize(
    ("location", "code"),
    [
        ("Guatemala", "GT"),
        ("México", "MX"),
        ("UK", "GB"),
        ("USA", "US"),
        ("EE. UU.", "US"),
        ("日本", "JP"),
        ("東京", "JP"),
        ("مكة", "SA"),
        ("Xela 🇬🇹", "GT"),
        ("🇦🇷", "AR"),
        ("Ciudad de México", "MX"),
        ("Bogotá D.C.", "CO"),
        ("Buenos Aires", "AR"),
        ("CABA, Argentina", "AR"),
        ("San José, Costa Rica", "CR"),
        ("Santiago de Chile", "CL"),
        ("Jakarta Selatan", "ID"),
        ("Paris", "FR"),
        ("İstanbul", "TR"),
        ("NYC", "US"),
        ("Austin, TX", "US"),
        ("Springfield, IL", "US"),
        ("Los Angeles, CA", "US"),
        ("Texas", "US"),
        ("Georgia, USA", "US"),
        ("Atlanta, Georgia", "US"),
        ("Tbilisi, Georgia", "GE"),
        ("Manchester, England", "GB"),
        ("Lagos, Nigeria", "NG"),
    ],
)
def test_the_country_of_a_profile_s_place(location: str, code: str) -> None:
    assert places.in_profile(location).code == code


@pytest.mark.parametrize(
    "location",
    [
        "",
        "  ",
        "Earth",
        "everywhere",
        "in your heart",
        "she/her",
        "somewhere over the rainbow",
        "LA",
        "IN",
        "home",
        "🌍",
        "🇽🇽",
        "...",
        "the moon",
        "London | Lagos",
        "Madrid y Lima",
        "Georgia",
        "🇺🇸🇲🇽",
    ],
)
def test_what_is_no_place_has_no_country(location: str) -> None:
    assert places.in_profile(location).code == "ZZ"
