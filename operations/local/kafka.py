"""Apache Kafka: one KRaft node, broker and controller, alone or of a cluster (`kafka_cluster`)."""

import asyncio
import shutil
import socket
import subprocess
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from aiokafka.conn import create_conn
from aiokafka.errors import KafkaError
from aiokafka.protocol.metadata import MetadataRequest

from operations.local import jars
from operations.local.part import Part
from operations.local.ports import free_port, is_free

# A small heap is enough for some thousand records a second: the log itself is in the page cache.
_JAVA_OPTIONS = (
    "-Xms128m",
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-Djava.awt.headless=true",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSS",
)

_PROPERTIES = {
    "process.roles": "broker,controller",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": (
        "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL"
    ),
    "inter.broker.listener.name": "PLAINTEXT",
    # Topics are made on purpose, with their partitions, before anyone subscribes.
    "auto.create.topics.enable": "false",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.num.partitions": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    # Consumers get their partitions at once, and tests may ask for short sessions.
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    # After a SIGKILL the node is let in again only when its former self counts as gone (default 9 s).
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    # The default, 128 MiB, is a quarter of the heap.
    "log.cleaner.dedupe.buffer.size": str(4 * 2**20),
    "num.network.threads": "2",
    "num.io.threads": "4",
    "num.recovery.threads.per.data.dir": "2",
}


class Quorum(NamedTuple):
    """The nodes that elect one another."""

    cluster_id: str
    """22 characters of base64 for the 16 bytes of a UUID; the same on every node."""
    controllers: Mapping[int, int]
    """Number of the node → the port on which it speaks as a controller."""


def cluster_id(identity: uuid.UUID) -> str:
    """The UUID as Kafka writes it."""
    return urlsafe_b64encode(identity.bytes).rstrip(b"=").decode()


def replication(nodes: int) -> dict[str, str]:
    """How often everything is kept: on every node, and acknowledged while one of three is away."""
    copies, in_sync = str(nodes), str(max(1, nodes - 1))
    return {
        "default.replication.factor": copies,
        "min.insync.replicas": in_sync,
        "offsets.topic.replication.factor": copies,
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": in_sync,
        "share.coordinator.state.topic.replication.factor": copies,
        "share.coordinator.state.topic.min.isr": in_sync,
    }


class Door(NamedTuple):
    """A further listener, for one kind of client."""

    port: int
    advertised: int
    """The port at which these clients are told to connect."""


class Kafka(Part):
    """A broker that is a controller, too. What it has acknowledged survives a SIGKILL."""

    name = "kafka"

    def __init__(
        self,
        data_dir: Path,
        *,
        port: int | None = None,
        log_file: Path | None = None,
        properties: Mapping[str, str] | None = None,
        number: int = 1,
        quorum: Quorum | None = None,
        doors: Mapping[str, Door] | None = None,
    ) -> None:
        """`properties` go over the built-in ones (`server.properties`); without a quorum it is alone.

        `doors`: further listeners by name, as well guarded as the first.
        """
        super().__init__(data_dir, port=port, log_file=log_file)
        self._number = number
        self._quorum = quorum
        self._controller_port = quorum.controllers[number] if quorum else free_port()
        self._properties = dict(properties or {})
        self._doors = dict(doors or {})

    @property
    def bootstrap_servers(self) -> str:
        return f"127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        return [*self._java(), "kafka.Kafka", str(self._config_file)]

    def prepare(self) -> None:
        if not self._quorum and not is_free(self._controller_port):
            self._controller_port = free_port()
        controllers = self._controllers()
        properties = {
            **_PROPERTIES,
            **replication(len(controllers)),
            "node.id": str(self._number),
            "listeners": (
                f"PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{self._controller_port}"
            ),
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{self.port}",
            "controller.quorum.voters": ",".join(
                f"{number}@127.0.0.1:{port}" for number, port in controllers.items()
            ),
            "log.dirs": str(self.data_dir / "log"),
            **self._properties,
        }
        protocol, _, _ = properties["listeners"].partition(":")
        for name, door in self._doors.items():
            properties["listeners"] += f",{name}://127.0.0.1:{door.port}"
            properties["advertised.listeners"] += f",{name}://127.0.0.1:{door.advertised}"
            properties["listener.security.protocol.map"] += f",{name}:{protocol}"
        self._config_file.write_text("".join(f"{key}={value}\n" for key, value in properties.items()))
        if not (self.data_dir / "log" / "meta.properties").exists():
            self._format()

    def answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        # In a thread of its own: the caller may be in an event loop.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, self._has_a_broker()).result()

    def login_options(self) -> dict[str, Any]:
        """How a client is let in, for the probe: the keyword arguments of a connection."""
        return {}

    def format_options(self) -> list[str]:
        """Further arguments of the tool that makes the empty log."""
        return []

    async def _has_a_broker(self) -> bool:
        try:
            # Not with a client: it leaves connections behind that still say goodbye, and here the loop ends.
            connection = await create_conn(
                "127.0.0.1", self.port, request_timeout_ms=1500, **self.login_options()
            )
            try:
                return bool((await connection.send(MetadataRequest([]))).brokers)
            finally:
                await connection.close()
        except (KafkaError, OSError):
            return False

    def _format(self) -> None:
        cluster = self._quorum.cluster_id if self._quorum else cluster_id(uuid.uuid4())
        with self.log_file.open("ab") as log:
            subprocess.run(
                [
                    # Over in a second: the optimising compiler would only take time.
                    *self._java("-XX:TieredStopAtLevel=1"), "kafka.tools.StorageTool", "format",
                    f"--cluster-id={cluster}", f"--config={self._config_file}", "--ignore-formatted",
                    *self.format_options(),
                ],
                stdout=log,
                stderr=subprocess.STDOUT,
                check=True,
            )  # fmt: skip

    def _controllers(self) -> Mapping[int, int]:
        return self._quorum.controllers if self._quorum else {self._number: self._controller_port}

    def _java(self, *options: str) -> list[str]:
        return [shutil.which("java") or "java", *_JAVA_OPTIONS, *options, "-cp", jars.class_path()]

    @property
    def _config_file(self) -> Path:
        return self.data_dir / "server.properties"
