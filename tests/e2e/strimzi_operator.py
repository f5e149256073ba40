"""Plays Strimzi's operator, which cannot be had everywhere: makes what the chart's objects ask for.

It reads the installed Kafka, KafkaNodePool, KafkaTopic and KafkaUser objects and makes brokers, topics, users
with these rights, and the Secrets and Services that Strimzi would, under its names:
https://strimzi.io/docs/operators/latest/deploying
"""

import asyncio
import json
import ssl
import subprocess
import tempfile
import threading
import uuid
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiokafka.conn import AIOKafkaConnection, create_conn
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code
from aiokafka.protocol.admin import CreateTopicsRequest
from aiokafka.protocol.metadata import MetadataRequest

from operations.local import kafka_users
from operations.local.kafka import cluster_id
from operations.local.kafka_authority import BROKER, Authority
from tests.e2e.cluster import CheckFailedError, Cluster, until

_KINDS = "kafka,kafkanodepool,kafkatopic,kafkauser"
_REPLICATION = 9091
_CONTROL = 9090
_FOLDER = "/etc/kafka-certs"
_LOGIN = "org.apache.kafka.common.security.scram.ScramLoginModule required"
_START_SECONDS = 180
_ONLY_WHAT_IT_NEEDS = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


class Operator:
    """One Kafka cluster in one namespace. Works beside `helm install --wait`, which waits for it."""

    def __init__(self, cluster: Cluster, image: str) -> None:
        self._cluster = cluster
        self._image = image
        self._scratch = tempfile.TemporaryDirectory(prefix="strimzi-operator-")
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._error: Exception | None = None
        self.name = ""
        """Of the Kafka object."""
        self.brokers: list[str] = []
        """Names of the pods."""

    def start(self) -> None:
        """Waits for the objects in a thread, and makes what they ask for."""
        self._thread.start()

    def join(self) -> None:
        """Returns when all is made. Raises what went wrong."""
        self._thread.join()
        if self._error:
            raise self._error

    def remove(self) -> None:
        """What goes when the objects are gone; the volumes stay, as `deleteClaim: false` has it."""
        self._cluster.kubectl(
            "delete", "statefulset,service,secret", "--selector", f"strimzi.io/cluster={self.name}", "--wait"
        )
        self._scratch.cleanup()

    async def in_sync(self, but: str = "") -> bool:
        """Whether every replica has all that its leader has, as any broker but this one tells."""
        try:
            async with asyncio.timeout(10):
                with self._forwarded(next(pod for pod in self.brokers if pod != but)) as port:
                    connection = await self._connect(port)
                    try:
                        answer = await connection.send(MetadataRequest(None))
                    finally:
                        await connection.close()
        except (KafkaError, OSError, CheckFailedError):
            return False
        partitions = [partition for topic in answer.topics for partition in topic[-1]]
        # (error, partition, leader, replicas, in sync, …)
        return len(answer.brokers) == len(self.brokers) and all(
            set(partition[3]) == set(partition[4]) for partition in partitions
        )

    def _run(self) -> None:
        try:
            self._make()
        except Exception as error:  # noqa: BLE001 (told by `join`)
            self._error = error

    def _make(self) -> None:
        until("the chart's objects are there", lambda: len(self._asked_for()) > 3, seconds=60)
        asked = self._asked_for()
        [kafka] = [each for each in asked if each["kind"] == "Kafka"]
        [pool] = [each for each in asked if each["kind"] == "KafkaNodePool"]
        topics = [each for each in asked if each["kind"] == "KafkaTopic"]
        users = [kafka_users.of_object(each) for each in asked if each["kind"] == "KafkaUser"]
        self.name = kafka["metadata"]["name"]
        stem = f"{self.name}-{pool['metadata']['name']}"
        self.brokers = [f"{stem}-{number}" for number in range(pool["spec"]["replicas"])]
        self._authority = Authority(Path(self._scratch.name), self._names())
        self._authority.make()
        self._apply(*self._secrets(users), *self._services(), self._stateful_set(kafka, pool, stem))
        for pod in self.brokers:
            self._wait_ready(pod)
        self._make_passwords(users)
        asyncio.run(self._make_topics_and_rights(topics, users))

    def _asked_for(self) -> list[Any]:
        return self._cluster.objects(_KINDS)

    def _apply(self, *objects: dict[str, Any]) -> None:
        for each in objects:
            each["metadata"].setdefault("labels", {})["strimzi.io/cluster"] = self.name
        listed = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
        self._cluster.kubectl("apply", "--filename", "-", stdin=json.dumps(listed))

    def _wait_ready(self, pod: str) -> None:
        self._cluster.kubectl("wait", f"pod/{pod}", "--for=condition=Ready", f"--timeout={_START_SECONDS}s")

    def _address(self, pod: str) -> str:
        return f"{pod}.{self.name}-kafka-brokers.{self._cluster.options.namespace}.svc"

    def _names(self) -> list[str]:
        bootstrap = f"{self.name}-kafka-bootstrap"
        namespace = self._cluster.options.namespace
        addresses = [self._address(pod) for pod in self.brokers]
        return ["127.0.0.1", "localhost", bootstrap, f"{bootstrap}.{namespace}.svc", *addresses]

    def _secrets(self, users: list[kafka_users.User]) -> Iterator[dict[str, Any]]:
        yield _secret(f"{self.name}-cluster-ca-cert", {"ca.crt": self._authority.certificate.read_text()})
        yield _secret(
            f"{self.name}-brokers",
            {
                "broker.pem": self._authority.broker.read_text(),
                "ca.pem": self._authority.certificate.read_text(),
                "admin.properties": "".join(
                    f"{key}={value}\n" for key, value in {"security.protocol": "SSL", **_stores()}.items()
                ),
            },
        )
        for user in users:
            password = self._authority.password(user.name)
            login = f'{_LOGIN} username="{user.name}" password="{password}";'
            yield _secret(user.name, {"password": password, "sasl.jaas.config": login})

    def _services(self) -> Iterator[dict[str, Any]]:
        def service(name: str, ports: dict[str, int], **more: Any) -> dict[str, Any]:
            listed = [{"name": title, "port": port} for title, port in ports.items()]
            return {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": {"name": name},
                "spec": {"selector": {"strimzi.io/name": f"{self.name}-kafka"}, "ports": listed, **more},
            }

        yield service(f"{self.name}-kafka-bootstrap", {"tcp-clienttls": 9093})
        yield service(
            f"{self.name}-kafka-brokers",
            {"tcp-ctrlplane": _CONTROL, "tcp-replication": _REPLICATION, "tcp-clienttls": 9093},
            clusterIP="None",
            publishNotReadyAddresses=True,
        )

    def _stateful_set(self, kafka: dict[str, Any], pool: dict[str, Any], stem: str) -> dict[str, Any]:
        labels = {"strimzi.io/cluster": self.name, "strimzi.io/name": f"{self.name}-kafka"}
        heap = " ".join(f"{option}{size}" for option, size in pool["spec"]["jvmOptions"].items())
        environment = self._environment(kafka["spec"]["kafka"]) | {"KAFKA_HEAP_OPTS": heap}
        probe = {"tcpSocket": {"port": 9093}, "periodSeconds": 1, "failureThreshold": _START_SECONDS}
        container = {
            "name": "kafka",
            "image": self._image,
            "command": ["bash", "-c", "KAFKA_NODE_ID=${HOSTNAME##*-} exec /etc/kafka/docker/run"],
            # $(POD) in the others needs it to come first.
            "env": [
                {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
                *({"name": name, "value": str(value)} for name, value in environment.items()),
            ],
            "readinessProbe": probe,
            "resources": pool["spec"]["resources"],
            "securityContext": _ONLY_WHAT_IT_NEEDS,
            "volumeMounts": [
                {"name": "data", "mountPath": "/var/lib/kafka/data", "subPath": "kafka"},
                {"name": "certificates", "mountPath": _FOLDER},
            ],
        }
        storage = pool["spec"]["storage"]["volumes"][0]
        return {
            "apiVersion": "apps/v1",
            "kind": "StatefulSet",
            "metadata": {"name": stem},
            "spec": {
                "serviceName": f"{self.name}-kafka-brokers",
                "replicas": pool["spec"]["replicas"],
                "podManagementPolicy": "Parallel",
                # Nobody but the operator rolls the brokers.
                "updateStrategy": {"type": "OnDelete"},
                "selector": {"matchLabels": labels},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {
                        "terminationGracePeriodSeconds": 60,
                        "securityContext": {
                            "runAsNonRoot": True,
                            "runAsUser": 1000,
                            "fsGroup": 1000,
                            "seccompProfile": {"type": "RuntimeDefault"},
                        },
                        "containers": [container],
                        "volumes": [
                            {"name": "certificates", "secret": {"secretName": f"{self.name}-brokers"}}
                        ],
                    },
                },
                "volumeClaimTemplates": [
                    {
                        "metadata": {"name": "data"},
                        "spec": {
                            "accessModes": ["ReadWriteOnce"],
                            "resources": {"requests": {"storage": storage["size"]}},
                        },
                    }
                ],
            },
        }

    def _environment(self, spec: dict[str, Any]) -> dict[str, str]:
        """The configuration of a broker, as the image takes it; `$(POD)` is its own name."""
        [listener] = spec["listeners"]
        if (listener["tls"], listener["authentication"]["type"]) != (True, "scram-sha-512"):
            raise CheckFailedError(f"a listener that is not played here: {listener}")
        own = self._address("$(POD)")
        properties = {
            "process.roles": "broker,controller",
            "listeners": f"TLS://:{listener['port']},REPLICATION://:{_REPLICATION},CONTROLPLANE://:{_CONTROL}",
            "advertised.listeners": f"TLS://{own}:{listener['port']},REPLICATION://{own}:{_REPLICATION}",
            "listener.security.protocol.map": "TLS:SASL_SSL,REPLICATION:SSL,CONTROLPLANE:SSL",
            "inter.broker.listener.name": "REPLICATION",
            "controller.listener.names": "CONTROLPLANE",
            "controller.quorum.voters": ",".join(
                f"{number}@{self._address(pod)}:{_CONTROL}" for number, pod in enumerate(self.brokers)
            ),
            "log.dirs": "/var/lib/kafka/data",
            "sasl.enabled.mechanisms": "SCRAM-SHA-512",
            "listener.name.tls.scram-sha-512.sasl.jaas.config": f"{_LOGIN};",
            "listener.name.replication.ssl.client.auth": "required",
            "listener.name.controlplane.ssl.client.auth": "required",
            "ssl.principal.mapping.rules": "RULE:^.*CN=([^,]+).*$/$1/,DEFAULT",
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": f"User:{BROKER}",
            **_stores(),
            **spec["config"],
        }
        named = {
            f"KAFKA_{key.replace('-', '___').replace('.', '_').upper()}": _as_property(value)
            for key, value in properties.items()
        }
        return {"CLUSTER_ID": cluster_id(uuid.uuid5(uuid.NAMESPACE_DNS, self._names()[3])), **named}

    def _make_passwords(self, users: list[kafka_users.User]) -> None:
        for user in users:
            self._cluster.kubectl(
                "exec", self.brokers[0], "--",
                "java", "-cp", "/opt/kafka/libs/*", "kafka.admin.ConfigCommand",
                "--bootstrap-server", f"localhost:{_REPLICATION}",
                "--command-config", f"{_FOLDER}/admin.properties", "--alter",
                "--add-config", f"SCRAM-SHA-512=[password={self._authority.password(user.name)}]",
                "--entity-type", "users", "--entity-name", user.name,
            )  # fmt: skip

    async def _make_topics_and_rights(self, topics: list[Any], users: list[kafka_users.User]) -> None:
        with self._forwarded(self.brokers[0]) as port:
            connection = await self._connect(port)
            try:
                wanted: list[Any] = [
                    (
                        each["spec"]["topicName"],
                        each["spec"]["partitions"],
                        each["spec"]["replicas"],
                        [],
                        [(key, _as_property(value)) for key, value in each["spec"]["config"].items()],
                    )
                    for each in topics
                ]
                reply = await connection.send(CreateTopicsRequest(wanted, 10_000, False))
                for name, code, *message in reply.topic_errors:
                    if code and for_code(code) is not TopicAlreadyExistsError:
                        raise CheckFailedError(f"topic {name}: {message}")
                await kafka_users.grant_by(connection, users)
            finally:
                await connection.close()

    async def _connect(self, port: int) -> AIOKafkaConnection:
        """As the brokers speak with one another: their certificate is the administrator's."""
        context = ssl.create_default_context(cafile=self._authority.certificate)
        context.load_cert_chain(self._authority.broker)
        return await create_conn("localhost", port, ssl_context=context, security_protocol="SSL")

    @contextmanager
    def _forwarded(self, pod: str) -> Iterator[int]:
        """A port of this machine that is the pod's port for its fellows."""
        forwarding = subprocess.Popen(
            [
                "kubectl", "--namespace", self._cluster.options.namespace,
                "port-forward", f"pod/{pod}", f":{_REPLICATION}",
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )  # fmt: skip
        try:
            # Forwarding from 127.0.0.1:40123 -> 9091
            line = forwarding.stdout.readline() if forwarding.stdout else ""
            if "->" not in line:
                raise CheckFailedError(f"cannot reach {pod}: {line}")
            yield int(line.partition(" ->")[0].rpartition(":")[2])
        finally:
            forwarding.terminate()
            forwarding.communicate()


def _secret(name: str, content: dict[str, str]) -> dict[str, Any]:
    data = {key: b64encode(text.encode()).decode() for key, text in content.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": data}


def _stores() -> dict[str, str]:
    return {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": f"{_FOLDER}/broker.pem",
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": f"{_FOLDER}/ca.pem",
    }


def _as_property(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
