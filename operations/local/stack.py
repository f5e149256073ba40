"""What a stack is made of: which parts there are, on which ports, and how each finds the others."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from operations.local.endpoints import Endpoints
from operations.local.folder import Folder
from operations.local.kafka_cluster import Cluster
from operations.local.kafka_layout import Layout
from operations.local.links import Links
from operations.local.mongo import Mongo
from operations.local.part import Part
from operations.local.ports import StackPorts
from operations.local.prometheus import SCRAPE_SECONDS, Prometheus, Targets
from operations.local.redis import Redis
from operations.local.services import Gateway, Producer, Service, StreamsWorker, Writer
from weather_tweets.settings import (
    GatewaySettings,
    KafkaSettings,
    MongoSettings,
    ProducerSettings,
    RedisSettings,
    StackSettings,
    StreamsSettings,
    WriterSettings,
)

S = TypeVar("S", bound=Service)

_HOST = "127.0.0.1"
_RULES = Path(__file__).parents[2] / "helm" / "weather-tweets" / "rules"


class Stack:
    """The parts of one data folder, not yet started.

    A part whose address is in the environment (`WEATHER_KAFKA_BOOTSTRAP_SERVERS`, `WEATHER_REDIS_URL`,
    `WEATHER_MONGO_URL`) is used as it is and not started.
    """

    def __init__(
        self,
        folder: Folder,
        layout: Layout = Layout(),  # noqa: B008 (frozen)
        *,
        proxied: bool = False,
    ) -> None:
        """With `proxied` the connections between the parts that are ours lead through a proxy (`links`).

        Raises `ChartMissingError` where a secure Kafka cannot learn its users.
        """
        self.folder = folder
        self._ports = StackPorts(folder.ports(), usual=StackSettings().usual_ports)
        port = self._ports.choose
        self.cluster: Cluster | None = None
        self.kafka: str
        self.redis: str
        self.mongo: str
        self.real_parts: list[Part] = []
        self._proxied = proxied
        self._routes: dict[str, dict[int, int]] = {}
        if "WEATHER_KAFKA_BOOTSTRAP_SERVERS" in os.environ:
            self.kafka = KafkaSettings().bootstrap_servers
        else:
            self.cluster = Cluster(folder, self._ports, layout, self._through if proxied else None)
            self.kafka = self.cluster.bootstrap_servers
            self.real_parts += self.cluster.nodes
        if "WEATHER_REDIS_URL" in os.environ:
            self.redis = self._workers_redis = self._writers_redis = RedisSettings().url.get_secret_value()
        else:
            redis = Redis(self._data("redis"), port=port("redis", 6379), log_file=folder.log("redis"))
            self.redis = redis.url
            self._workers_redis = redis.url_at(self._through("worker-redis", redis.port))
            self._writers_redis = redis.url_at(self._through("writer-redis", redis.port))
            self.real_parts.append(redis)
        if "WEATHER_MONGO_URL" in os.environ:
            self.mongo = self._workers_mongo = MongoSettings().url.get_secret_value()
        else:
            mongo = Mongo(self._data("mongo"), port=port("mongo", 27017), log_file=folder.log("mongo"))
            self.mongo = mongo.url
            self._workers_mongo = mongo.url_at(self._through("worker-mongo", mongo.port))
            self.real_parts.append(mongo)
        self.gateway_port = port("gateway", GatewaySettings().port)
        self.grpc_port = port("producer", ProducerSettings().port)
        self.producer_metrics_port = port("producer-metrics", ProducerSettings().metrics_port)
        self.writer_port = port("writer", WriterSettings().port)
        self.entrance = self._through("client-gateway", self.gateway_port)
        """Where clients reach the gateway."""
        self._to_producer = self._through("gateway-producer", self.grpc_port)
        self._to_writer = self._through("gateway-writer", self.writer_port)
        if proxied:
            links = Links(
                self._data(Links.name), self._routes, folder=folder, log_file=folder.log(Links.name)
            )
            self.real_parts.insert(0, links)
        folder.keep_ports(self._ports.chosen())

    def kafka_settings(self) -> KafkaSettings:
        """For who makes the topics of this stack's Kafka."""
        return self.cluster.admin if self.cluster else KafkaSettings()

    def services(self) -> list[Service]:
        """The producer, the writer and the gateway."""
        token = os.environ.get("WEATHER_WRITER_TOKEN") or self.folder.writer_token()
        producer = self._service(
            Producer,
            "producer",
            self.producer_metrics_port,
            {
                "WEATHER_PRODUCER_PORT": str(self.grpc_port),
                "WEATHER_PRODUCER_METRICS_PORT": str(self.producer_metrics_port),
            },
        )
        pages = [f"http://{host}:{self.entrance}" for host in (_HOST, "localhost")]
        writer = self._service(
            Writer,
            "writer",
            self.writer_port,
            {
                "WEATHER_WRITER_PORT": str(self.writer_port),
                "WEATHER_WRITER_TOKEN": token,
                "WEATHER_WRITER_ORIGINS": ",".join(pages),
                "WEATHER_REDIS_URL": self._writers_redis,
            },
        )
        gateway = self._service(
            Gateway,
            "gateway",
            self.gateway_port,
            {
                "WEATHER_GATEWAY_PORT": str(self.gateway_port),
                "WEATHER_GATEWAY_PRODUCER_TARGET": f"{_HOST}:{self._to_producer}",
                "WEATHER_GATEWAY_WRITER_URL": f"ws://{_HOST}:{self._to_writer}/ingest",
                "WEATHER_GATEWAY_WRITER_TOKEN": token,
                "WEATHER_GATEWAY_LIVE_URL": f"ws://{_HOST}:{self.writer_port}/live",
            },
        )
        return [producer, writer, gateway]

    def streams_worker(self, number: int, settings: Mapping[str, str] | None = None) -> StreamsWorker:
        """The worker `streams-<number>`, counted from 1, with further settings (environment variables)."""
        name = f"streams-{number}"
        usual = StreamsSettings().port
        port = self._ports.choose(name, usual + number - 1 if usual else 0)
        self.folder.keep_ports(self._ports.chosen())
        return self._service(
            StreamsWorker,
            name,
            port,
            {
                "WEATHER_STREAMS_PORT": str(port),
                "WEATHER_STREAMS_DATA_DIR": str(self._data(name)),
                "WEATHER_REDIS_URL": self._workers_redis,
                "WEATHER_MONGO_URL": self._workers_mongo,
                **(settings or {}),
            },
        )

    def prometheus(self, workers: list[StreamsWorker], scrape_seconds: int = SCRAPE_SECONDS) -> Prometheus:
        """What observes the services, with the chart's rules where these are (in a checkout)."""
        port = self._ports.choose(Prometheus.name, 9090)
        self.folder.keep_ports(self._ports.chosen())
        return Prometheus(
            self._data(Prometheus.name),
            self.scraped(workers),
            rules=sorted(_RULES.glob("*.yaml")),
            scrape_seconds=scrape_seconds,
            port=port,
            log_file=self.folder.log(Prometheus.name),
        )

    def scraped(self, workers: list[StreamsWorker]) -> Targets:
        """Where each service's metrics are."""
        ports = {
            "gateway": [self.gateway_port],
            "producer": [self.producer_metrics_port],
            "writer": [self.writer_port],
            "streams": [worker.port for worker in workers],
        }
        return {f"weather-{name}": [f"{_HOST}:{port}" for port in each] for name, each in ports.items()}

    def endpoints(self, workers: list[StreamsWorker], pids: dict[str, list[int]]) -> Endpoints:
        """What `endpoints.json` says."""
        return Endpoints(
            gateway=f"http://{_HOST}:{self.entrance}",
            grpc=f"{_HOST}:{self.grpc_port}",
            websocket=f"ws://{_HOST}:{self.writer_port}",
            stats=[f"http://{_HOST}:{worker.port}/stats" for worker in workers],
            kafka=self.kafka,
            # An audit reads as the workers do.
            kafka_options=self.cluster.options("streams") if self.cluster else {},
            redis=self.redis,
            mongo=self.mongo,
            services={
                "gateway": f"http://{_HOST}:{self.gateway_port}",
                "producer": f"http://{_HOST}:{self.producer_metrics_port}",
                "writer": f"http://{_HOST}:{self.writer_port}",
                **{worker.name: f"http://{_HOST}:{worker.port}" for worker in workers},
            },
            links=list(self._routes),
            data_dir=str(self.folder.path),
            supervisor=os.getpid(),
            pids=pids,
        )

    def close(self) -> None:
        """Gives the ports up."""
        self._ports.close()

    def _through(self, link: str, port: int) -> int:
        """The port by which the link to this one is entered: itself where there is no proxy."""
        if not self._proxied:
            return port
        routes = self._routes.setdefault(link, {})
        entrance = self._ports.choose(f"{link}-{len(routes) + 1}", 0)
        routes[entrance] = port
        return entrance

    def _service(self, kind: type[S], name: str, port: int, environment: dict[str, str]) -> S:
        shared = {
            **self._kafka_environment(kind.package),
            "WEATHER_REDIS_URL": self.redis,
            "WEATHER_MONGO_URL": self.mongo,
            # The log files are for people.
            "WEATHER_LOG_FORMAT": os.environ.get("WEATHER_LOG_FORMAT", "text"),
        }
        return kind(name, self._data(name), shared | environment, port=port, log_file=self.folder.log(name))

    def _kafka_environment(self, service: str) -> dict[str, str]:
        if not self.cluster:
            return {}
        # The users are called as the chart calls the services.
        options = self.cluster.linked_options("producer" if service == "grpc_producer" else service)
        return {f"WEATHER_KAFKA_{name.upper()}": value for name, value in options.items()}

    def _data(self, name: str) -> Path:
        return self.folder.path / "data" / name
