"""The stack's Kafka: one plain broker, or three of them, or those that let in only the chart's users."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from pydantic import SecretStr

from operations.local import kafka_users
from operations.local.folder import Folder
from operations.local.kafka import Door, Kafka, Quorum, cluster_id
from operations.local.kafka_authority import BROKER, Authority
from operations.local.kafka_layout import Layout
from operations.local.ports import StackPorts
from weather_tweets.kafka import client_options
from weather_tweets.settings import KafkaSettings, StreamsSettings

ADMIN = "weather-operator"
"""Who makes topics and rights; no service logs in so."""

_USUAL_PORT = 9092
_MECHANISM = "SCRAM-SHA-512"
_LOGIN = "org.apache.kafka.common.security.scram.ScramLoginModule required;"

# Leaders go back to the brokers that they were given at first soon after these returned (default 5 min).
_LEADERS_RETURN = {"leader.imbalance.check.interval.seconds": "10"}


def administrator(folder: Folder, settings: KafkaSettings) -> KafkaSettings:
    """How the administrator is let in where one of this folder's users is let in so."""
    if not settings.sasl_username:
        return settings
    password = Authority(folder.path / "data" / "kafka-authority").password(ADMIN)
    return settings.model_copy(update={"sasl_username": ADMIN, "sasl_password": SecretStr(password)})


class SecureKafka(Kafka):
    """A node that lets in users by SCRAM over TLS, and knows its fellows by their certificate."""

    login: KafkaSettings
    """How its probe is let in."""
    users: dict[str, str]
    """Name → password, of all that it knows from its first start on."""

    def login_options(self) -> dict[str, Any]:
        options = client_options(self.login)
        del options["bootstrap_servers"]
        return options

    def format_options(self) -> list[str]:
        return [
            f"--add-scram={_MECHANISM}=[name={name},password={password}]"
            for name, password in self.users.items()
        ]


Through = Callable[[str, int], int]
"""Given a link and the port that it leads to, the port at which it is entered."""

_LINKS = {"producer": "producer-kafka", "streams": "worker-kafka"}
"""By service, the link by which it reaches Kafka."""


class _Ports(NamedTuple):
    client: int
    controller: int
    fellows: int


class Cluster:
    """The nodes of one stack's Kafka, and how each service is let in."""

    def __init__(
        self, folder: Folder, ports: StackPorts, layout: Layout, through: Through | None = None
    ) -> None:
        """With `through` each service comes by a link, to a listener of its own, whose address it is told.

        Raises `kafka_users.ChartMissingError` where a secure one cannot learn its users."""
        self._folder = folder
        self._layout = layout
        self._ports = {number: self._choose(ports, number) for number in range(1, layout.brokers + 1)}
        self._doors = (
            {number: dict(self._linked(ports, number, through)) for number in self._ports} if through else {}
        )
        self._authority = Authority(folder.path / "data" / "kafka-authority")
        self.users: list[kafka_users.User] = []
        """Who is let in, besides the administrator; nobody has to be in a plain one."""
        if layout.secure:
            self._authority.make()
            self.users = kafka_users.of_chart(KafkaSettings(), StreamsSettings())
        self.nodes: list[Kafka] = [self._node(number) for number in self._ports]

    @property
    def bootstrap_servers(self) -> str:
        return ",".join(f"127.0.0.1:{ports.client}" for ports in self._ports.values())

    @property
    def admin(self) -> KafkaSettings:
        """For who makes topics and grants rights."""
        return KafkaSettings(**self._options(ADMIN))  # type: ignore[arg-type]

    def options(self, service: str) -> dict[str, str]:
        """The fields of `KafkaSettings` with which one finds this Kafka and is let in as a service is.

        None for a service that a secure one does not know.
        """
        if not self._layout.secure:
            return self._options("")
        user = next((user.name for user in self.users if user.service == service), None)
        return self._options(user) if user else {}

    def linked_options(self, service: str) -> dict[str, str]:
        """The same for the service itself, which comes by its link where there is one."""
        options = self.options(service)
        entrances = [doors[service].advertised for doors in self._doors.values() if service in doors]
        if options and entrances:
            options["bootstrap_servers"] = ",".join(f"127.0.0.1:{port}" for port in entrances)
        return options

    def _options(self, user: str) -> dict[str, str]:
        options = {"bootstrap_servers": self.bootstrap_servers}
        if self._layout.brokers > 1:
            options["replication_factor"] = str(self._layout.brokers)
        if self._layout.secure:
            options |= {
                "security_protocol": "SASL_SSL",
                "sasl_mechanism": _MECHANISM,
                "sasl_username": user,
                "sasl_password": self._authority.password(user),
                "ssl_ca_file": str(self._authority.certificate),
            }
        return options

    def _choose(self, ports: StackPorts, number: int) -> _Ports:
        name = self._name(number)
        usual = _USUAL_PORT + (number - 1) * len(_Ports._fields)
        # A lonely node changes the other two at will: only a cluster's must be known to others.
        if self._layout == Layout():
            return _Ports(ports.choose(name, usual), 0, 0)
        return _Ports(
            ports.choose(name, usual),
            ports.choose(f"{name}-controller", usual + 1),
            ports.choose(f"{name}-fellows", usual + 2) if self._layout.secure else 0,
        )

    def _linked(self, ports: StackPorts, number: int, through: Through) -> Iterator[tuple[str, Door]]:
        for service, link in _LINKS.items():
            inner = ports.choose(f"{self._name(number)}-for-{service}", 0)
            yield service, Door(inner, through(link, inner))

    def _name(self, number: int) -> str:
        return "kafka" if self._layout.brokers == 1 else f"kafka-{number}"

    def _node(self, number: int) -> Kafka:
        name = self._name(number)
        kind = SecureKafka if self._layout.secure else Kafka
        node = kind(
            self._folder.path / "data" / name,
            port=self._ports[number].client,
            log_file=self._folder.log(name),
            properties=dict(self._properties(self._ports[number])),
            doors={service.upper(): door for service, door in self._doors.get(number, {}).items()},
            number=number,
            quorum=None if self._layout == Layout() else self._quorum(),
        )
        node.name = name
        if isinstance(node, SecureKafka):
            names = [ADMIN, *(user.name for user in self.users)]
            node.login = self.admin
            node.users = {each: self._authority.password(each) for each in names}
        return node

    def _quorum(self) -> Quorum:
        # One folder, one cluster: no other node could join by mistake.
        identity = uuid.uuid5(uuid.NAMESPACE_URL, self._folder.path.as_uri())
        return Quorum(
            cluster_id(identity), {number: ports.controller for number, ports in self._ports.items()}
        )

    def _properties(self, ports: _Ports) -> Iterator[tuple[str, str]]:
        if self._layout.brokers > 1:
            yield from _LEADERS_RETURN.items()
        if not self._layout.secure:
            return
        yield from {
            "listeners": (
                f"SASL_SSL://127.0.0.1:{ports.client},FELLOWS://127.0.0.1:{ports.fellows},"
                f"CONTROLLER://127.0.0.1:{ports.controller}"
            ),
            "advertised.listeners": f"SASL_SSL://127.0.0.1:{ports.client},FELLOWS://127.0.0.1:{ports.fellows}",
            "listener.security.protocol.map": "SASL_SSL:SASL_SSL,FELLOWS:SSL,CONTROLLER:SSL",
            "inter.broker.listener.name": "FELLOWS",
            "sasl.enabled.mechanisms": _MECHANISM,
            **{
                f"listener.name.{listener}.scram-sha-512.sasl.jaas.config": _LOGIN
                for listener in ("sasl_ssl", *_LINKS)
            },
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(self._authority.broker),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self._authority.certificate),
            "ssl.endpoint.identification.algorithm": "https",
            "listener.name.fellows.ssl.client.auth": "required",
            "listener.name.controller.ssl.client.auth": "required",
            # `CN=kafka-broker,O=…` is the user kafka-broker.
            "ssl.principal.mapping.rules": "RULE:^.*CN=([^,]+).*$/$1/,DEFAULT",
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": f"User:{BROKER};User:{ADMIN}",
        }.items()
