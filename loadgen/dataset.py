"""The file of tweets: the mission's JSON array of {"texto", "país"}, more keys allowed."""

import fcntl
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from loadgen.generator import VERSION, generate

DEFAULT_TWEETS = 10_000
DEFAULT_SEED = 1


class Entry(msgspec.Struct, rename={"text": "texto", "country": "país", "at": "hora"}, omit_defaults=True):
    """One tweet of a file; `at` is its ISO 8601 time, where the file has one."""

    text: str
    country: str
    at: str | None = None


class DatasetError(ValueError):
    """The file cannot be used, and why."""


def read(path: Path) -> list[Entry]:
    """All tweets of a file. Raises `DatasetError`, naming what is wrong and where."""
    try:
        entries = msgspec.json.decode(path.read_bytes(), type=list[Entry])
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror}") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DatasetError(
            f'{path} is no JSON array of objects with the keys "texto" and "país": {error}'
        ) from None
    if not entries:
        raise DatasetError(f"{path} has no tweets")
    return entries


def bodies(entries: list[Entry]) -> list[bytes]:
    """The request bodies, encoded once, so that a request costs the client as little as possible."""
    encode = msgspec.json.Encoder().encode
    return [encode({"texto": entry.text, "país": entry.country}) for entry in entries]


def write(path: Path, tweets: Any) -> int:
    """Writes tweets (an iterable of objects) as a JSON array, one a line; returns how many.

    The file appears whole or not at all.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    encode = msgspec.json.Encoder().encode
    count = 0
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            file.write(b"[")
            for tweet in tweets:
                file.write(b",\n" if count else b"\n")
                file.write(encode(tweet))
                count += 1
            file.write(b"\n]\n")
        except BaseException:
            Path(file.name).unlink()
            raise
    # Temporary files are private; this one is meant to be read like any other.
    Path(file.name).chmod(0o644)
    Path(file.name).replace(path)
    return count


def default_path() -> Path:
    """The file that is used when none is given: beside the local stack's own, under the working directory."""
    return Path(".weather-tweets/data") / f"tweets-{DEFAULT_TWEETS}-seed-{DEFAULT_SEED}-v{VERSION}.json"


def ensure_default() -> Path:
    """The default file, generated on first use; processes that start together generate it once.

    Where the working directory is not to be written, as in a container, it is kept with temporary files.
    """
    path = default_path()
    if not path.exists():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError:
            path = Path(tempfile.gettempdir()) / "weather-tweets" / path.name
            path.parent.mkdir(exist_ok=True)
        with (path.parent / f".{path.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not path.exists():
                write(path, generate(DEFAULT_TWEETS, DEFAULT_SEED))
    return path
