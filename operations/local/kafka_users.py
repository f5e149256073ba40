"""The users of Kafka and what each may do, as the chart's KafkaUser objects ask for it."""

import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from aiokafka.conn import AIOKafkaConnection, create_conn
from aiokafka.errors import for_code
from aiokafka.protocol.admin import CreateAclsRequest

from weather_tweets.kafka import client_options
from weather_tweets.settings import KafkaSettings, StreamsSettings

_CHART = Path(__file__).parents[2] / "helm" / "weather-tweets"
_RELEASE = "weather"

# Numbers of Kafka's protocol: ResourceType, PatternType and AclOperation of org.apache.kafka.common.
_RESOURCES = {"topic": 2, "group": 3, "cluster": 4, "transactionalId": 5}
_PATTERNS = {"literal": 3, "prefix": 4}
_OPERATIONS = {
    "All": 2, "Read": 3, "Write": 4, "Create": 5, "Delete": 6, "Alter": 7, "Describe": 8, "ClusterAction": 9,
    "DescribeConfigs": 10, "AlterConfigs": 11, "IdempotentWrite": 12,
}  # fmt: skip
_ALLOW = 3


class ChartMissingError(RuntimeError):
    """The chart that says what each user may do cannot be rendered here; the message says what is missing."""


class Acl(NamedTuple):
    """Something that a user may do, in the chart's words."""

    resource: str
    name: str
    pattern: str
    operation: str


class User(NamedTuple):
    name: str
    service: str
    """Who logs in so: `producer`, `streams`."""
    acls: tuple[Acl, ...]


def of_chart(kafka: KafkaSettings, streams: StreamsSettings) -> list[User]:
    """The users of the chart for these names of topics and group. Raises `ChartMissingError`."""
    return [of_object(each) for each in _rendered(kafka, streams) if each["kind"] == "KafkaUser"]


async def grant(users: Iterable[User], admin: KafkaSettings) -> None:
    """Has Kafka know what the users may do; again is harmless. Raises `KafkaError` or `OSError`."""
    options = client_options(admin)
    host, _, port = options.pop("bootstrap_servers").split(",")[0].rpartition(":")
    connection = await create_conn(host, int(port), **options)
    try:
        await grant_by(connection, users)
    finally:
        await connection.close()


async def grant_by(connection: AIOKafkaConnection, users: Iterable[User]) -> None:
    """The same by a connection that is open. Raises `KafkaError`."""
    for user in users:
        for acl in user.acls:
            reply = await connection.send(_creation(user, acl))
            for code, message in reply.creation_responses:
                if code:
                    raise for_code(code)(message)


def _creation(user: User, acl: Acl) -> CreateAclsRequest:
    return CreateAclsRequest(
        _RESOURCES[acl.resource],
        acl.name,
        _PATTERNS[acl.pattern],
        f"User:{user.name}",
        "*",
        _OPERATIONS[acl.operation],
        _ALLOW,
    )


def of_object(document: dict[str, Any]) -> User:
    """The user that a KafkaUser object asks for."""
    return User(
        document["metadata"]["name"],
        document["metadata"]["labels"]["app.kubernetes.io/component"],
        tuple(
            Acl(acl["resource"]["type"], acl["resource"]["name"], acl["resource"]["patternType"], operation)
            for acl in document["spec"]["authorization"]["acls"]
            for operation in acl["operations"]
        ),
    )


def _rendered(kafka: KafkaSettings, streams: StreamsSettings) -> Iterable[dict[str, Any]]:
    helm = shutil.which("helm", path=Path(sys.executable).parent) or shutil.which("helm")
    if helm is None or not _CHART.is_dir():
        raise ChartMissingError(
            "What each user of a secure Kafka may do stands in the chart: this needs a checkout and `helm` "
            "(`make setup-dev` installs it)."
        )
    done = subprocess.run(
        [
            helm, "template", _RELEASE, str(_CHART), "--show-only", "templates/kafka-strimzi.yaml",
            "--set-string", f"kafka.topic={kafka.topic},kafka.deadTopic={kafka.dead_topic}",
            "--set-string", f"kafka.mode=strimzi,streams.appId={streams.app_id}",
        ],
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    if done.returncode:
        raise ChartMissingError(f"helm cannot render {_CHART}: {done.stderr.strip()}")
    return (document for document in yaml.safe_load_all(done.stdout) if document)
