"""What is refused is not repeated: there may be a password in it."""

import pytest
from pydantic import SecretStr, ValidationError

from weather_tweets.settings import KafkaSettings, RedisSettings


@pytest.mark.parametrize("special", "/#?[")
def test_a_password_that_makes_the_url_unreadable_is_refused_without_being_shown(special: str) -> None:
    with pytest.raises(ValidationError, match="percent-encode") as refused:
        RedisSettings(url=SecretStr(f"redis://:hush{special}hush@127.0.0.1:6379/0"))
    assert "hush" not in str(refused.value)


def test_no_setting_shows_its_secret() -> None:
    settings = KafkaSettings(sasl_password=SecretStr("hush"))
    assert "hush" not in f"{settings!r} {settings} {settings.model_dump()}"
