"""Every setting of every service: one class a concern, read from environment variables.

A variable's name is the class's prefix and the field's name in capitals, for instance
`WEATHER_GATEWAY_PORT`. Secrets are `SecretStr`, so that no log line or error shows them.
"""

from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class LogSettings(BaseSettings):
    """Logging of every service."""

    model_config = SettingsConfigDict(env_prefix="WEATHER_LOG_")

    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least level that is logged"
    )
    format: Literal["auto", "json", "text"] = Field(
        "auto", description="`auto` is text on a terminal and JSON elsewhere"
    )


class KafkaSettings(BaseSettings):
    """How Kafka is reached, and its topics."""

    model_config = SettingsConfigDict(env_prefix="WEATHER_KAFKA_")

    bootstrap_servers: str = Field("127.0.0.1:9092", description="Comma-separated `host:port` list")
    topic: str = Field("messages", description="Topic of accepted tweets")
    dead_topic: str = Field("messages.dead", description="Topic of records that could not be read")
    partitions: int = Field(
        6, ge=1, le=1000, description="Partitions of the topics when they are created here"
    )
    replication_factor: int = Field(
        1, ge=1, le=9, description="Replicas of each partition when topics are created here"
    )
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="As Kafka's own setting of that name"
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "SCRAM-SHA-512", description="As Kafka's own setting of that name"
    )
    sasl_username: str = Field("", description="User, with a SASL protocol")
    sasl_password: SecretStr = Field(SecretStr(""), description="Password, with a SASL protocol")
    ssl_ca_file: str = Field(
        "", description="PEM file of the authority that signed the brokers' certificates"
    )


class RedisSettings(BaseSettings):
    """How Redis is reached."""

    # Else an error shows what was refused, with its password.
    model_config = SettingsConfigDict(env_prefix="WEATHER_REDIS_", hide_input_in_errors=True)

    url: SecretStr = Field(
        SecretStr("redis://127.0.0.1:6379/0"),
        description="`redis://` or `rediss://` URL, with its password if any",
    )

    @field_validator("url")
    @classmethod
    def _can_be_read(cls, url: SecretStr) -> SecretStr:
        """Refuses here what redis-py would refuse later with a part of the password in its message."""
        try:
            readable = urlsplit(url.get_secret_value()).port != 0
        except ValueError:
            readable = False
        if not readable:
            raise ValueError("must be a URL; percent-encode what is special in the password")
        return url


class MongoSettings(BaseSettings):
    """How MongoDB is reached."""

    model_config = SettingsConfigDict(env_prefix="WEATHER_MONGO_")

    url: SecretStr = Field(
        SecretStr("mongodb://127.0.0.1:27017/"), description="`mongodb://` URL, with user and password if any"
    )
    database: str = Field("weather", description="Database")
    collection: str = Field("tweets", description="Collection of the stored tweets")
    retention_days: int = Field(
        0,
        ge=0,
        le=36_500,
        description="After so many days the workers delete tweets; counters and history stay. 0: never",
    )


class GatewaySettings(BaseSettings):
    """The REST front door."""

    model_config = SettingsConfigDict(env_prefix="WEATHER_GATEWAY_")

    host: str = Field("127.0.0.1", description="Address to listen on")
    port: int = Field(
        8000, ge=0, le=65535, description="Port of `/input`, the live page, `/healthz`, `/metrics`"
    )
    workers: int = Field(
        1, ge=1, le=64, description="Worker processes, each with its own stream to the producer"
    )
    producer_target: str = Field("127.0.0.1:50051", description="`host:port` of the gRPC producer")
    producer_ca_file: str = Field(
        "", description="PEM authority of the producer's certificate; empty: no TLS"
    )
    producer_calls: Literal["stream", "unary"] = Field(
        "stream", description="`unary`: a call per tweet, to see what the stream of batches is worth"
    )
    writer_url: str = Field(
        "ws://127.0.0.1:8765/ingest",
        description="Where accepted tweets are fed for the live view; empty: nowhere",
    )
    writer_token: SecretStr = Field(SecretStr(""), description="Token shared with the WebSocket writer")
    live_url: str = Field(
        "",
        description="WebSocket URL that the live page connects to; empty: `/live` of the page's own address",
    )
    origins: str = Field(
        "",
        description="Comma-separated origins whose pages may send tweets (CORS), `*` for any; empty: none",
    )
    keys_file: str = Field(
        "",
        description="TOML file of the keys that may send (`weather-tweets keys`); empty: no key is asked for",
    )
    max_in_flight: int = Field(
        20_000, ge=1, description="Tweets waiting for Kafka before requests are refused (503)"
    )
    deadline_seconds: float = Field(
        10.0, gt=0, description="How long a request waits for Kafka before it is answered 503"
    )
    collect_milliseconds: float = Field(
        8.0,
        ge=0,
        description="How long a request waits at most for others, while others may come, to go to Kafka with",
    )
    max_reads: int = Field(
        4,
        ge=0,
        le=100,
        description="Reads (`/tweets`, `/history`, `/weather`) at once in a process; more wait, and are "
        "refused (503) where eight times as many do; 0, or no `WEATHER_MONGO_URL`: none is answered",
    )
    read_seconds: float = Field(
        5.0, gt=0, le=60, description="How long a read waits for MongoDB before it is answered 503"
    )
    feed_buffer: int = Field(
        50_000, ge=1, description="Tweets buffered for the live view before the oldest drop"
    )
    drain_seconds: float = Field(
        10.0, ge=0, description="How long requests in flight may finish after SIGTERM"
    )


class ProducerSettings(BaseSettings):
    """The gRPC producer."""

    model_config = SettingsConfigDict(env_prefix="WEATHER_PRODUCER_")

    host: str = Field("127.0.0.1", description="Address to listen on")
    port: int = Field(50051, ge=0, le=65535, description="Port of the gRPC server")
    metrics_host: str = Field("127.0.0.1", description="Address of `/metrics` and `/healthz`")
    metrics_port: int = Field(9464, ge=0, le=65535, description="Port of `/metrics` and `/healthz`")
    tls_certificate_file: str = Field("", description="PEM certificate chain of the server; empty: no TLS")
    tls_key_file: str = Field("", description="PEM private key of the server")
    compression: Literal["none", "gzip", "lz4", "snappy", "zstd"] = Field(
        "none", description="Compression of the record batches"
    )
    max_in_flight: int = Field(
        50_000, ge=1, description="Tweets waiting for Kafka before more are refused as exhausted"
    )
    stay_milliseconds: float = Field(
        100.0, ge=0, description="How long records go to one partition before it is the next one's turn"
    )
    drain_seconds: float = Field(
        10.0, ge=0, description="How long streams in flight may finish after SIGTERM"
    )


class StreamsSettings(BaseSettings):
    """The Faust workers."""

    model_config = SettingsConfigDict(env_prefix="WEATHER_STREAMS_")

    app_id: str = Field("weather-streams", description="Consumer group, and prefix of the changelog topics")
    host: str = Field("127.0.0.1", description="Address that the web server listens on")
    port: int = Field(6066, ge=0, le=65535, description="Port of `/stats`, `/healthz`, `/metrics`")
    advertised_host: str = Field(
        "", description="Host by which the other workers reach this one's web server; empty: `host`"
    )
    data_dir: str = Field(".weather-tweets/streams", description="Folder of the worker's own files")
    fetch_max_records: int = Field(2000, ge=1, description="Most records of one partition in one batch")
    collect_milliseconds: int = Field(
        20,
        ge=0,
        description="How long Kafka collects records, while they keep coming, before a worker gets them",
    )
    session_timeout_seconds: float = Field(
        8.0, ge=6, description="Silence after which Kafka gives a worker's partitions to another"
    )
    progress_timeout_seconds: float = Field(
        30.0, gt=0, description="Lag without progress for this long fails `/healthz`"
    )
    publish_seconds: float = Field(
        5.0, gt=0, description="Every so often the whole tally is published, so that a wiped Redis heals"
    )
    dead_share: float = Field(
        0.05, gt=0, le=1, description="Share of dead letters in ten minutes' records that raises an alert"
    )
    stores: bool = Field(
        True, description="`false` writes to no store, neither MongoDB nor Redis: only to measure the rest"
    )


class WriterSettings(BaseSettings):
    """The WebSocket writer."""

    model_config = SettingsConfigDict(env_prefix="WEATHER_WRITER_")

    host: str = Field("127.0.0.1", description="Address to listen on")
    port: int = Field(8765, ge=0, le=65535, description="Port of `/ingest`, `/live`, `/healthz`, `/metrics`")
    token: SecretStr = Field(
        SecretStr(""), description="Token that `/ingest` asks for; empty: `/ingest` is closed"
    )
    origins: str = Field(
        "", description="Comma-separated origins that may open `/live`; empty: the same host only; `*`: any"
    )
    max_viewers: int = Field(2000, ge=1, description="Viewers of `/live` at once before more are refused")
    max_frame_bytes: int = Field(4 * 2**20, ge=1024, description="Largest frame of `/ingest`")
    recent_tweets: int = Field(200, ge=1, le=100_000, description="Tweets kept in `live:recent`")
    drain_seconds: float = Field(
        5.0, ge=0, description="How long what was accepted may still be written after SIGTERM"
    )


class EnergySettings(BaseSettings):
    """What energy and CO2 are reckoned with; the sources stand in `operations/energy`."""

    model_config = SettingsConfigDict(env_prefix="WEATHER_ENERGY_")

    country: str = Field("GT", description="Country (any name or code) whose grid feeds the machine")
    grid_gco2e_per_kwh: float | None = Field(
        None, ge=0, description="The grid's intensity, where you know better than the table by country"
    )
    watts_per_busy_cpu: float = Field(3.5, gt=0, description="Power of one virtual CPU at full load")
    watts_per_gigabyte: float = Field(0.392, ge=0, description="Power of a gigabyte of memory")
    power_usage_effectiveness: float = Field(
        1.0, ge=1, description="The building's power over its machines'; data centres have 1.1 to 1.6"
    )
    server_embodied_kgco2e: float = Field(1000.0, ge=0, description="Emissions of making the server")
    server_years: float = Field(4.0, gt=0, description="Years that the server is used")
    server_cpus: int = Field(48, ge=1, description="Virtual CPUs of the server: 24 cores of two threads")


class AuditSettings(BaseSettings):
    """`weather-tweets audit`, where there is no local stack."""

    model_config = SettingsConfigDict(env_prefix="WEATHER_AUDIT_")

    stats_url: str = Field("http://127.0.0.1:6066/stats", description="`/stats` of any stream worker")


class ClientSettings(BaseSettings):
    """What sends to a gateway: the swarm, the demo, chaos, energy."""

    model_config = SettingsConfigDict(env_prefix="WEATHER_")

    key: SecretStr = Field(
        SecretStr(""), description="Key to send with, where the gateway asks for one; empty: none"
    )

    @property
    def headers(self) -> dict[str, str]:
        """The header with the key, if there is one."""
        key = self.key.get_secret_value()
        return {"Authorization": f"Bearer {key}"} if key else {}


class StackSettings(BaseSettings):
    """The local stack of `weather-tweets up`."""

    model_config = SettingsConfigDict(env_prefix="WEATHER_STACK_")

    usual_ports: bool = Field(
        True, description="Whether parts take their usual ports where these are free; else random ones"
    )


ALL: tuple[type[BaseSettings], ...] = (
    LogSettings,
    KafkaSettings,
    RedisSettings,
    MongoSettings,
    GatewaySettings,
    ProducerSettings,
    StreamsSettings,
    WriterSettings,
    EnergySettings,
    AuditSettings,
    ClientSettings,
    StackSettings,
)
