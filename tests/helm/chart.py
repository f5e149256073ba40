"""The chart as helm renders it."""

import copy
import functools
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

CHART = Path(__file__).parents[2] / "helm" / "weather-tweets"
RELEASE = "weather"
NAMESPACE = "project"

Object = dict[str, Any]


class RefusedError(Exception):
    """helm refused the values; the text is its message."""


def helm() -> str:
    """Path of the program. A test without it fails, because nothing else says that the chart is sound."""
    beside = Path(sys.executable).parent / "helm"
    found = str(beside) if beside.exists() else shutil.which("helm")
    if not found:
        message = "helm is missing: `make setup-dev` brings it, or put it on PATH"
        raise FileNotFoundError(message)
    return found


def render(values: Mapping[str, Any] | None = None) -> list[Object]:
    """Every object of the chart with these values over the defaults. Raises `RefusedError`."""
    return copy.deepcopy(_rendered(yaml.safe_dump(dict(values or {}), allow_unicode=True)))


@functools.cache
def _rendered(values: str) -> list[Object]:
    output = _run(["template", RELEASE, str(CHART), "--namespace", NAMESPACE, "--values", "-"], values)
    return [document for document in yaml.load_all(output, Loader=yaml.CSafeLoader) if document]


def notes(values: Mapping[str, Any] | None = None) -> str:
    """What `helm install` tells its user. Raises `RefusedError`."""
    arguments = ["install", RELEASE, str(CHART), "--namespace", NAMESPACE, "--values", "-"]
    return _run([*arguments, "--dry-run=client"], yaml.safe_dump(dict(values or {}))).partition("NOTES:")[2]


def lint(values: Mapping[str, Any] | None = None) -> str:
    """helm's own findings. Raises `RefusedError` where there is one worse than a hint."""
    return _run(["lint", "--strict", str(CHART), "--values", "-"], yaml.safe_dump(dict(values or {})))


def _run(arguments: Sequence[str], values: str) -> str:
    result = subprocess.run(
        [helm(), *arguments],
        input=values,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        raise RefusedError(result.stderr + result.stdout)
    return result.stdout


def of_kind(objects: Sequence[Object], kind: str) -> list[Object]:
    """Those of one kind, in the order of rendering."""
    return [item for item in objects if item["kind"] == kind]


def named(objects: Sequence[Object], kind: str, name: str) -> Object:
    """The one of that kind and name. Raises `LookupError`."""
    for item in of_kind(objects, kind):
        if item["metadata"]["name"] == name:
            return item
    message = f"{kind}/{name} is not among {sorted(i['metadata']['name'] for i in of_kind(objects, kind))}"
    raise LookupError(message)


def pod_specs(objects: Sequence[Object]) -> list[tuple[str, Object]]:
    """Name and specification of every pod that the objects make."""
    found = []
    for item in objects:
        name = f"{item['kind']}/{item['metadata']['name']}"
        match item["kind"]:
            case "Pod":
                found.append((name, item["spec"]))
            case "Deployment" | "StatefulSet" | "Job":
                found.append((name, item["spec"]["template"]["spec"]))
            case "CronJob":
                found.append((name, item["spec"]["jobTemplate"]["spec"]["template"]["spec"]))
    return found
