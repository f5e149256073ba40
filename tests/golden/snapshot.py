"""What a version left in Kafka, MongoDB and Redis: the content of a golden file."""

from base64 import b64decode, b64encode
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec

FOLDER = Path(__file__).parent


class Record(msgspec.Struct, frozen=True):
    """A record of a topic; its offset is its index in the partition, where nothing was taken from the log."""

    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]] = []


class Snapshot(msgspec.Struct, frozen=True):
    """Everything that outlives a process."""

    version: str
    topics: dict[str, list[list[Record]]]
    """By name, of each partition its records."""
    documents: list[dict[str, Any]]
    """MongoDB's, as canonical extended JSON."""
    hashes: dict[str, dict[str, str]]
    """Redis' by key."""
    streams: dict[str, list[tuple[str, dict[str, str]]]]
    """Redis' by key: id and fields of each entry."""
    counts: dict[str, Any]
    """What `/stats` said of it: `messages`, `dead`, `repeats`, `countries`."""

    @classmethod
    def load(cls, path: Path) -> "Snapshot":
        return msgspec.convert(_bytes_back(msgspec.json.decode(path.read_bytes())), cls)

    def save(self, path: Path) -> None:
        """Writes it as JSON that people can read and compare."""
        text = msgspec.json.format(msgspec.json.encode(msgspec.to_builtins(_readable(self))), indent=1)
        path.write_bytes(text + b"\n")


def this_version() -> str:
    """The version of the program that is installed."""
    return version("weather-tweets")


def golden_files() -> list[Path]:
    """One for each released version, in `tests/golden`."""
    return sorted(FOLDER.glob("*.json"))


def _readable(value: Any) -> Any:
    """Bytes are text where they are UTF-8, else under the key `base64`."""
    if isinstance(value, msgspec.Struct):
        return {name: _readable(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, dict):
        return {key: _readable(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_readable(one) for one in value]
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return {"base64": b64encode(value).decode()}
    return value


def _bytes_back(content: dict[str, Any]) -> dict[str, Any]:
    def raw(value: Any) -> bytes | None:
        if value is None:
            return None
        return b64decode(value["base64"]) if isinstance(value, dict) else value.encode()

    for partitions in content["topics"].values():
        for records in partitions:
            for record in records:
                record["key"], record["value"] = raw(record["key"]), raw(record["value"])
                record["headers"] = [(name, raw(value)) for name, value in record["headers"]]
    return content
