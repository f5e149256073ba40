"""The dashboards as they are provisioned, and what of them is run in the tests."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from observability.dashboards import FOLDER

Json = dict[str, Any]


@dataclass(frozen=True)
class Panel:
    """A panel that shows data."""

    board: str
    model: Json

    @property
    def title(self) -> str:
        return str(self.model["title"])

    @property
    def targets(self) -> list[Json]:
        return list(self.model.get("targets", []))

    @property
    def transformations(self) -> list[Json]:
        return list(self.model.get("transformations", []))

    def __str__(self) -> str:
        return f"{self.board}: {self.title}"


def board(name: str) -> Json:
    """A dashboard by the name of its file, without suffix."""
    return dict(json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8")))


def panels(name: str) -> list[Panel]:
    """A dashboard's panels that ask a data source something."""
    return [Panel(name, panel) for panel in _all(board(name)["panels"]) if panel.get("targets")]


def _all(models: list[Json]) -> Iterator[Json]:
    for model in models:
        yield model
        yield from _all(model.get("panels", []))


KEYS = [panel for panel in panels("pipeline") if "weather_gateway_key_" in json.dumps(panel.targets)]
"""Those of the row *Keys*: without keys at the door they have nothing to show."""
