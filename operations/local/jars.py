"""Kafka's jars: fetched once by Maven, kept in the user's cache, shared by every clone.

`python -m operations.local.jars` fetches what is missing, and with `--check` only says by its exit status
whether something is; nothing is fetched at run time.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

KAFKA_VERSION = "4.3.1"

_POM = Path(__file__).with_name("pom.xml")


class JarsMissingError(RuntimeError):
    """Kafka's jars are not in the cache."""


def folder() -> Path:
    """Where the jars are kept: one folder per version and content of `pom.xml`."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    content = hashlib.sha256(_POM.read_bytes()).hexdigest()[:8]
    return cache / "weather-tweets" / f"kafka-{KAFKA_VERSION}-{content}"


def class_path() -> str:
    """For `java -cp`. Raises `JarsMissingError` when nothing has been fetched."""
    if not folder().is_dir():
        raise JarsMissingError(f"Kafka's jars are not in {folder()}: run `make setup`")
    return f"{folder()}/*"


def fetch() -> None:
    """Has Maven copy the jars to the cache; at once done where they are there already.

    The folder appears whole or not at all, also with several setups at the same time. Raises
    `subprocess.CalledProcessError` when Maven fails.
    """
    destination = folder()
    if destination.is_dir():
        return
    destination.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=destination.parent, prefix=".kafka-") as scratch:
        jars = Path(scratch) / "jars"
        # Maven writes a `target` folder beside the pom: not into the sources.
        pom = shutil.copy(_POM, scratch)
        subprocess.run(
            [
                shutil.which("mvn") or "mvn", "--batch-mode", "--quiet", "-Dstyle.color=never",
                f"--file={pom}",
                "dependency:copy-dependencies", f"-DoutputDirectory={jars}",
            ],
            check=True,
        )  # fmt: skip
        try:
            jars.rename(destination)
        except OSError:
            # Another setup was quicker.
            if not destination.is_dir():
                raise


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(not folder().is_dir())
    if not folder().is_dir():
        sys.stdout.write(f"Fetching Kafka {KAFKA_VERSION} by Maven into {folder()}\n")
        sys.stdout.flush()
    fetch()
