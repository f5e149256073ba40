import subprocess
import sys
from pathlib import Path

import faust
import pytest
from pydantic import SecretStr

from streams.app import _options
from weather_tweets.settings import KafkaSettings, StreamsSettings


def test_without_credentials_the_brokers_are_spoken_to_in_the_clear() -> None:
    options = _options(KafkaSettings(bootstrap_servers="one:9092, two:9093"), StreamsSettings())
    assert options["broker"] == ["batch://one:9092", "batch://two:9093"]
    assert options["broker_credentials"] is None


@pytest.mark.parametrize(("protocol", "encrypted"), [("SASL_PLAINTEXT", False), ("SASL_SSL", True)])
def test_a_user_and_a_password_come_from_the_settings(protocol: str, encrypted: bool) -> None:
    settings = KafkaSettings.model_validate({
        "security_protocol": protocol,
        "sasl_mechanism": "SCRAM-SHA-256",
        "sasl_username": "streams",
        "sasl_password": SecretStr("secret"),
    })  # fmt: skip
    credentials = _options(settings, StreamsSettings())["broker_credentials"]
    assert isinstance(credentials, faust.SASLCredentials)
    assert (credentials.username, credentials.password) == ("streams", "secret")
    assert (credentials.mechanism.value, credentials.protocol.value) == ("SCRAM-SHA-256", protocol)
    assert (credentials.ssl_context is not None) is encrypted
    assert "secret" not in repr(credentials)


def test_tls_without_a_user_needs_no_more_than_the_protocol() -> None:
    credentials = _options(KafkaSettings(security_protocol="SSL"), StreamsSettings())["broker_credentials"]
    assert isinstance(credentials, faust.SSLCredentials)


def test_the_other_workers_get_the_advertised_host_and_nobody_else_a_public_port() -> None:
    options = _options(KafkaSettings(), StreamsSettings(port=7000, advertised_host="10.1.2.3"))
    assert options["web_bind"] == "127.0.0.1"
    assert options["canonical_url"] == "http://10.1.2.3:7000"
    assert _options(KafkaSettings(), StreamsSettings(port=7000))["canonical_url"] == "http://127.0.0.1:7000"


def test_help_is_there_and_starts_nothing(tmp_path: Path) -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "streams", "--help"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "WEATHER_STREAMS_" in shown.stdout
    assert list(tmp_path.iterdir()) == []
