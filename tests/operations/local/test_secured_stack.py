"""The whole stack on stores that ask for a password over TLS, and with TLS between gateway and producer."""

import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

import grpc
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from pydantic import SecretStr
from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError
from redis import Redis
from redis.exceptions import AuthenticationError
from redis.exceptions import ConnectionError as RedisConnectionError

from protos import tweets_pb2_grpc
from tests.faults.posting import post_many
from tests.grpc_producer.processes import self_signed
from tests.grpc_producer.tweets import tweet
from tests.operations.local.secured import USER, SecuredKafka, SecuredMongo, SecuredRedis
from tests.running_stack import RunningStack, run_stack
from weather_tweets.kafka import client_options

_TWEETS = 300


class Secured:
    """The secured stores, and the environment of a stack on them."""

    def __init__(self, folder: Path) -> None:
        certificate, key = self_signed(folder)
        # In a URL these have to be encoded.
        self.redis_password, self.mongo_password = (f"{secrets.token_hex(12)}/@:%" for _ in range(2))
        self.kafka_password, self.token = secrets.token_hex(12), secrets.token_hex(12)
        self.certificate = certificate
        self.kafka = SecuredKafka(folder / "kafka", self.kafka_password, certificate, key)
        self.redis = SecuredRedis(folder / "redis", self.redis_password, certificate, key)
        self.mongo = SecuredMongo(folder / "mongo", self.mongo_password, certificate, key)
        self._key = key

    @property
    def environment(self) -> dict[str, str]:
        return {
            "WEATHER_KAFKA_BOOTSTRAP_SERVERS": self.kafka.bootstrap_servers,
            "WEATHER_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "WEATHER_KAFKA_SASL_USERNAME": USER,
            "WEATHER_KAFKA_SASL_PASSWORD": self.kafka_password,
            "WEATHER_KAFKA_SSL_CA_FILE": str(self.certificate),
            "WEATHER_REDIS_URL": self.redis.url,
            "WEATHER_MONGO_URL": self.mongo.url,
            "WEATHER_PRODUCER_TLS_CERTIFICATE_FILE": str(self.certificate),
            "WEATHER_PRODUCER_TLS_KEY_FILE": str(self._key),
            "WEATHER_GATEWAY_PRODUCER_CA_FILE": str(self.certificate),
            "WEATHER_WRITER_TOKEN": self.token,
            # Everything that a service could ever say.
            "WEATHER_LOG_LEVEL": "debug",
        }

    @property
    def secrets(self) -> set[str]:
        """What nobody may see, also as it stands in a URL."""
        plain = {self.redis_password, self.mongo_password, self.kafka_password, self.token}
        return plain | {quote(secret, safe="") for secret in plain}

    def found_in(self, text: str) -> list[str]:
        """The secrets that a text gives away."""
        return [secret for secret in self.secrets if secret in text]


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    secured = Secured(tmp_path_factory.mktemp("secured"))
    with ExitStack() as running:
        for part in (secured.kafka, secured.redis, secured.mongo):
            part.start()
            running.callback(part.kill)
        yield secured


@pytest.fixture(scope="module")
def stack(secured: Secured, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    yield from run_stack(tmp_path_factory.mktemp("stack") / "data", secured.environment)


def test_tweets_reach_every_store_and_no_secret_is_said(stack: RunningStack, secured: Secured) -> None:
    answers = post_many(stack.endpoints.gateway, _TWEETS)
    assert {answer.status for answer in answers} == {202}
    audited = stack.cli_json("audit", "--json")
    assert audited["agree"] is True
    assert (audited["kafka"], audited["mongo"], audited["redis_total"]) == (_TWEETS, _TWEETS, _TWEETS)
    said = {file.name: secured.found_in(file.read_text()) for file in stack.folder.logs.iterdir()}
    assert {"gateway.log", "producer.log", "streams-1.log", "writer.log", "supervisor.log"} <= said.keys()
    assert not any(said.values()), said
    assert not secured.found_in(stack.cli("status"))
    assert (stack.folder.endpoints.stat().st_mode & 0o077) == 0


def test_who_has_a_wrong_password_is_told_so_without_it(stack: RunningStack, secured: Secured) -> None:
    wrong = secrets.token_hex(12)
    refused = stack.cli("audit", "--wait", "1", status=2, WEATHER_KAFKA_SASL_PASSWORD=wrong)
    assert "SCRAM" in refused
    assert wrong not in refused
    assert not secured.found_in(refused)


async def test_kafka_lets_nobody_in_without_the_password(secured: Secured) -> None:
    settings = secured.kafka.settings
    for changes in ({"sasl_password": SecretStr("wrong")}, {"security_protocol": "PLAINTEXT"}):
        options = client_options(settings.model_copy(update=changes))
        producer = AIOKafkaProducer(**options, request_timeout_ms=3000)
        with pytest.raises(KafkaError):
            await producer.start()
        await producer.stop()


def test_redis_lets_nobody_in_without_the_password(secured: Secured) -> None:
    url = secured.redis.url
    wrong = url.replace(quote(secured.redis_password, safe=""), "wrong")
    with Redis.from_url(wrong) as client, pytest.raises(AuthenticationError):
        client.ping()
    plain = f"redis://127.0.0.1:{secured.redis.port}"
    with Redis.from_url(plain) as client, pytest.raises(RedisConnectionError):
        client.ping()


def test_mongodb_lets_nobody_in_without_the_password(secured: Secured) -> None:
    url = secured.mongo.url
    user = f"{USER}:{quote(secured.mongo_password, safe='')}@"
    for other in (url.replace(user, f"{USER}:wrong@"), url.replace(user, "")):
        with MongoClient[dict[str, object]](other) as client, pytest.raises(OperationFailure):
            client.weather.tweets.insert_one({})
    with (
        MongoClient[dict[str, object]](
            f"mongodb://127.0.0.1:{secured.mongo.port}/", serverSelectionTimeoutMS=1000
        ) as client,
        pytest.raises(PyMongoError),
    ):
        client.weather.tweets.insert_one({})


async def test_the_producer_takes_no_tweet_in_the_clear(stack: RunningStack) -> None:
    async with grpc.aio.insecure_channel(stack.endpoints.grpc) as channel:
        with pytest.raises(grpc.aio.AioRpcError):
            await tweets_pb2_grpc.TweetPublisherStub(channel).Publish(tweet(), timeout=10)
