"""`endpoints.json`: where a client finds each part of a running stack."""

from pathlib import Path

import msgspec

from operations.local.folder import Folder, write_json


class Endpoints(msgspec.Struct, frozen=True):
    """Addresses that a client takes as they are, and the processes behind them."""

    gateway: str
    """`http://host:port`"""
    grpc: str
    """`host:port`"""
    websocket: str
    """`ws://host:port`, without a path"""
    stats: list[str]
    """`http://host:port/stats`, one for each worker"""
    kafka: str
    """`host:port`, comma-separated where there are several"""
    redis: str
    mongo: str
    data_dir: str
    supervisor: int
    """Process id of what keeps the parts running."""
    pids: dict[str, list[int]]
    """Name of part → its process, then the processes that it started."""
    services: dict[str, str] = {}
    """Name of a service → `http://host:port` of its health and metrics, past any proxy."""
    links: list[str] = []
    """Which connections lead through the proxy; empty where there is none."""
    kafka_options: dict[str, str] = {}
    """Fields of `KafkaSettings` with which an audit is let in; empty where the environment names a Kafka."""


class NotRunningError(RuntimeError):
    """No stack runs in this data folder."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"no stack runs in {path}: start one with `weather-tweets up`")


def read(folder: Folder) -> Endpoints:
    """Raises `NotRunningError` where there is none."""
    try:
        return msgspec.json.decode(folder.endpoints.read_bytes(), type=Endpoints)
    except FileNotFoundError:
        raise NotRunningError(folder.path) from None


def write(folder: Folder, endpoints: Endpoints) -> None:
    write_json(folder.endpoints, msgspec.to_builtins(endpoints))
