"""Kafka, Redis and MongoDB that let in only who has the password, over TLS."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

from pydantic import SecretStr
from pymongo import MongoClient

from operations.local.kafka import Kafka
from operations.local.mongo import Mongo
from operations.local.redis import Redis
from weather_tweets.kafka import client_options
from weather_tweets.settings import KafkaSettings

USER = "weather"


class SecuredKafka(Kafka):
    """A broker with one listener for clients: SASL_SSL, SCRAM-SHA-512."""

    def __init__(self, data_dir: Path, password: str, certificate: Path, key: Path) -> None:
        self._password = password
        self._certificate = certificate
        pem = data_dir / "certificate-and-key.pem"
        data_dir.mkdir()
        pem.write_text(key.read_text() + certificate.read_text())
        login = (
            "org.apache.kafka.common.security.scram.ScramLoginModule required "
            f'username="{USER}" password="{password}";'
        )
        super().__init__(
            data_dir,
            properties={
                "inter.broker.listener.name": "SASL_SSL",
                "sasl.enabled.mechanisms": "SCRAM-SHA-512",
                "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-512",
                "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": login,
                "ssl.keystore.type": "PEM",
                "ssl.keystore.location": str(pem),
                "ssl.truststore.type": "PEM",
                "ssl.truststore.location": str(certificate),
            },
        )
        listener = f"SASL_SSL://127.0.0.1:{self.port}"
        self._properties |= {
            "listeners": f"{listener},CONTROLLER://127.0.0.1:{self._controller_port}",
            "advertised.listeners": listener,
        }

    @property
    def settings(self) -> KafkaSettings:
        return KafkaSettings(
            bootstrap_servers=self.bootstrap_servers,
            security_protocol="SASL_SSL",
            sasl_mechanism="SCRAM-SHA-512",
            sasl_username=USER,
            sasl_password=SecretStr(self._password),
            ssl_ca_file=str(self._certificate),
        )

    def login_options(self) -> dict[str, Any]:
        options = client_options(self.settings)
        del options["bootstrap_servers"]
        return options

    def format_options(self) -> list[str]:
        return [f"--add-scram=SCRAM-SHA-512=[name={USER},password={self._password}]"]


class SecuredRedis(Redis):
    """A server with a password, on a TLS port only."""

    def __init__(self, data_dir: Path, password: str, certificate: Path, key: Path) -> None:
        super().__init__(data_dir)
        self._password = password
        self._certificate = certificate
        self._key = key

    @property
    def url(self) -> str:
        password = quote(self._password, safe="")
        return f"rediss://:{password}@127.0.0.1:{self.port}/0?ssl_ca_certs={self._certificate}"

    def command(self) -> list[str]:
        return [
            *super().command(),
            "--port", "0",
            "--tls-port", str(self.port),
            "--tls-cert-file", str(self._certificate),
            "--tls-key-file", str(self._key),
            "--tls-auth-clients", "no",
            "--requirepass", self._password,
        ]  # fmt: skip


class SecuredMongo(Mongo):
    """A server with a user of one database, over TLS only (`mongod` or SecantusDB)."""

    def __init__(self, data_dir: Path, password: str, certificate: Path, key: Path) -> None:
        super().__init__(data_dir)
        self._password = password
        self._certificate = certificate
        self._key = key
        self._has_user = False

    @property
    def url(self) -> str:
        if not self._has_user:
            return super().url
        return (
            f"mongodb://{USER}:{quote(self._password, safe='')}@127.0.0.1:{self.port}/"
            f"?authSource=weather&journal=true&tls=true&tlsCAFile={self._certificate}"
        )

    def command(self) -> list[str]:
        command = super().command()
        if not self._has_user:
            return command
        if Path(command[0]).name == "mongod":
            pem = self.data_dir / "certificate-and-key.pem"
            pem.write_text(self._key.read_text() + self._certificate.read_text())
            return [*command, "--auth", "--tlsMode", "requireTLS", "--tlsCertificateKeyFile", str(pem)]
        return [
            *command, "--auth", "--tls-cert-file", str(self._certificate), "--tls-key-file", str(self._key),
        ]  # fmt: skip

    def start(self, timeout_seconds: float = 60.0) -> None:
        """The user is made while the server is still open, as both servers want it."""
        super().start(timeout_seconds)
        with MongoClient[dict[str, Any]](self.url) as client:
            client.weather.command("createUser", USER, pwd=self._password, roles=["readWrite"])
        self.stop()
        self._has_user = True
        super().start(timeout_seconds)
