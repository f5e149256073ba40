"""A Locust swarm against a running stack, as a process of its own."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import loadgen
from loadgen import dataset, generator, tweet_file
from operations.local.folder import Folder


class SwarmFailedError(RuntimeError):
    """Locust could not run; the message has what it said."""


def run(
    host: str,
    *,
    tweets: int,
    users: int,
    data: Path,
    on_progress: Callable[[int], None] = lambda _: None,
    options: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Sends so many tweets and returns the swarm's summary (`loadgen.outcome.Outcome.summary` and more).

    `on_progress` is told, twice a second, how many are settled. Requests that fail are counted in the
    summary; `SwarmFailedError` is raised if there is none.
    """
    with tempfile.TemporaryDirectory() as scratch:
        summary = Path(scratch) / "summary.json"
        errors = Path(scratch) / "errors"
        command = [
            sys.executable, "-m", "locust",
            "--locustfile", str(Path(loadgen.__file__).with_name("locustfile.py")),
            "--headless", "--loglevel", "WARNING",
            "--host", host,
            "--users", str(users),
            "--tweets", str(tweets),
            "--data", str(data),
            "--progress", "--summary", str(summary),
            *options,
        ]  # fmt: skip
        with (
            errors.open("w") as stderr,
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True) as process,
        ):
            try:
                for line in process.stdout or ():
                    if line.startswith("{"):
                        on_progress(json.loads(line)["done"])
            except BaseException:
                process.terminate()
                raise
        if not summary.exists():
            raise SwarmFailedError(f"Locust ended with status {process.returncode}:\n{errors.read_text()}")
        result: dict[str, Any] = json.loads(summary.read_text())
        return result


def data_options(
    data: Path, text_key: str, country_key: str, *, warn: Callable[[str], None]
) -> tuple[str, ...]:
    """The swarm's options for a file with such keys; "" is the mission's key.

    Reads the whole file: raises `loadgen.text_file.FileError`, and tells `warn` what was only guessed.
    """
    for _ in tweet_file.entries(data, tweet_file.Keys(text_key, country_key), warn):
        pass
    return ("--text-key", text_key, "--country-key", country_key)


def ensure_data(folder: Folder) -> Path:
    """The tweets to send: the generator's default file, kept with the stack's data."""
    path = folder.path / "data" / dataset.default_path().name
    if not path.exists():
        dataset.write(path, generator.generate(dataset.DEFAULT_TWEETS, dataset.DEFAULT_SEED))
    return path
