"""The file of tweets that the generator and the importer write, and the one that is used by default."""

import fcntl
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from loadgen.generator import VERSION, generate
from loadgen.tweet_file import MISSION_KEYS, Entry, Keys, entries

DEFAULT_TWEETS = 10_000
DEFAULT_SEED = 1


def read(path: Path, keys: Keys = MISSION_KEYS) -> list[Entry]:
    """All tweets of a file at once. Raises `FileError`, naming what is wrong and where."""
    return list(entries(path, keys))


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
