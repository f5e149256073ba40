"""Checks an object as the API server would: Kubernetes' own, Strimzi's, the Prometheus operator's, KEDA's."""

import functools
import json
from collections.abc import Iterator
from importlib import resources
from types import ModuleType
from typing import Any

import yaml
from cloudcoil.models.keda import v1alpha1 as keda
from cloudcoil.models.prometheus_operator import v1 as prometheus_operator
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from tests.helm import strimzi
from tests.helm.chart import Object

KUBERNETES = "v1.34.0-local-strict"


def problems(item: Object) -> list[str]:
    """What the API server would refuse, empty where it is fine. Raises `LookupError` for an unknown kind."""
    return _problems(json.dumps(item, sort_keys=True))


@functools.cache
def _problems(text: str) -> list[str]:
    # Most objects are the same in most renderings.
    item = json.loads(text)
    group = item["apiVersion"].rpartition("/")[0]
    match group:
        case "monitoring.coreos.com":
            return list(_model_problems("the Prometheus operator", prometheus_operator, item))
        case "keda.sh":
            return list(_model_problems("KEDA", keda, item))
        case "kafka.strimzi.io":
            validator = _strimzi_validator(item["apiVersion"], item["kind"])
        case _:
            validator = _kubernetes_validator(item["apiVersion"], item["kind"])
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(item)]


@functools.cache
def _kubernetes_registry() -> Any:
    folder = resources.files("kubernetes_validate") / "kubernetes-json-schema" / KUBERNETES
    definitions = json.loads((folder / "_definitions.json").read_text("utf-8"))
    resource = Resource.from_contents(definitions, default_specification=DRAFT202012)
    return Registry().with_resource("_definitions.json", resource)


@functools.cache
def _kubernetes_validator(api_version: str, kind: str) -> Draft202012Validator:
    # `networking.k8s.io/v1` is `networking-v1` in the names of the files.
    group, _, version = api_version.rpartition("/")
    name = "-".join(part for part in (kind.lower(), group.partition(".")[0], version) if part)
    path = resources.files("kubernetes_validate") / "kubernetes-json-schema" / KUBERNETES / f"{name}.json"
    if not path.is_file():
        message = f"Kubernetes has no {api_version} {kind}"
        raise LookupError(message)
    return Draft202012Validator(json.loads(path.read_text("utf-8")), registry=_kubernetes_registry())


@functools.cache
def _strimzi_validator(api_version: str, kind: str) -> Draft202012Validator:
    version = api_version.rpartition("/")[2]
    path = strimzi.definitions() / f"{kind.lower()}.yaml"
    definition = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
    for served in definition["spec"]["versions"]:
        if served["name"] == version and served["served"]:
            return Draft202012Validator(_closed(served["schema"]["openAPIV3Schema"], top=True))
    message = f"Strimzi has no {api_version} {kind}"
    raise LookupError(message)


def _closed(schema: Any, *, top: bool = False) -> Any:
    """The schema as the API server applies it with strict field validation: an unknown field is an error."""
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("x-kubernetes-int-or-string"):
        return {"type": ["integer", "string"]}
    closed = {key: _closed(value) if key != "enum" else value for key, value in schema.items()}
    if "properties" in schema and isinstance(schema["properties"], dict):
        closed["properties"] = {name: _closed(part) for name, part in schema["properties"].items()}
        if top:
            closed["properties"]["metadata"] = True
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            closed.setdefault("additionalProperties", False)
    return closed


def _model_problems(whose: str, models: ModuleType, item: Object) -> Iterator[str]:
    model = getattr(models, item["kind"], None)
    if model is None:
        message = f"{whose} has no {item['kind']}"
        raise LookupError(message)
    try:
        parsed = model.model_validate(item)
    except ValueError as error:
        yield str(error)
        return
    known = json.loads(parsed.model_dump_json(by_alias=True, exclude_unset=True))
    yield from (f"unknown field {path}" for path in _unknown(item["spec"], known["spec"], "spec"))


def _unknown(given: Any, known: Any, path: str) -> Iterator[str]:
    """Paths of `given` that the model did not take over."""
    if isinstance(given, dict) and isinstance(known, dict):
        for key, value in given.items():
            if key in known:
                yield from _unknown(value, known[key], f"{path}.{key}")
            else:
                yield f"{path}.{key}"
    elif isinstance(given, list) and isinstance(known, list):
        for number, (one, other) in enumerate(zip(given, known, strict=True)):
            yield from _unknown(one, other, f"{path}[{number}]")
