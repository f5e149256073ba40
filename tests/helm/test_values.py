"""values.yaml explains every value, and the schema knows each one."""

import json
import re
from collections.abc import Iterator
from typing import Any

import yaml

from tests.helm.chart import CHART

VALUES = CHART / "values.yaml"
SCHEMA = json.loads((CHART / "values.schema.json").read_text("utf-8"))
# Explained once for all places where they appear, by the names of Kubernetes' own fields.
KNOWN = {"enabled", "resources", "requests", "limits", "size", "podSecurityContext"}


def _paths(values: Any, schema: Any, path: str = "") -> Iterator[tuple[str, bool]]:
    """Every value's path, and whether the schema has it by name."""
    for key, value in values.items():
        named = key in schema.get("properties", {})
        yield f"{path}.{key}".lstrip("."), named
        part = schema.get("properties", {}).get(key, {})
        if isinstance(value, dict) and "properties" in part:
            yield from _paths(value, part, f"{path}.{key}")


def test_the_schema_names_every_value() -> None:
    values = yaml.safe_load(VALUES.read_text("utf-8"))

    assert [path for path, named in _paths(values, SCHEMA) if not named] == []


def test_the_schema_lets_no_other_value_in() -> None:
    def open_objects(schema: Any, path: str) -> Iterator[str]:
        if "properties" in schema:
            if schema.get("additionalProperties") is not False:
                yield path
            for key, part in schema["properties"].items():
                yield from open_objects(part, f"{path}.{key}")

    assert list(open_objects(SCHEMA, "")) == []


def test_every_value_has_a_comment() -> None:
    """A comment stands above a value, or above the first of a run of values that belong together."""
    ours = {path for path, _ in _paths(yaml.safe_load(VALUES.read_text("utf-8")), SCHEMA)}
    silent = []
    explained: set[int] = set()
    above: list[str] = []
    for line in VALUES.read_text("utf-8").splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        key = re.match(r"\s*([A-Za-z-]+):", line)
        if not line.strip():
            explained.clear()
        elif line.lstrip().startswith("#"):
            explained.add(depth)
        elif key:
            above = [*above[:depth], key[1]]
            explained = {level for level in explained if level <= depth}
            if depth not in explained and key[1] not in KNOWN and ".".join(above) in ours:
                silent.append(".".join(above))
    assert silent == []
