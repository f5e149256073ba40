import json
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from observability.dashboards import FOLDER, rendered
from tests.observability.boards import board, panels

NAMES = ("country-messages", "country-messages-prometheus", "pipeline", "energy", "weather")
every_board = pytest.mark.parametrize("name", NAMES)


@pytest.fixture(autouse=True, scope="module")
def _known_panels() -> None:
    register_default_plugins()


def missing(given: Any, kept: Any, path: str = "") -> list[str]:
    """Where a model kept less than it was given; what it adds are its defaults."""
    if isinstance(given, dict):
        return [
            found
            for key, value in given.items()
            for found in (
                missing(value, kept[key], f"{path}/{key}")
                if isinstance(kept, dict) and key in kept
                else [f"{path}/{key}"]
            )
        ]
    if isinstance(given, list):
        if not isinstance(kept, list) or len(given) != len(kept):
            return [path]
        pairs = enumerate(zip(given, kept, strict=True))
        return [found for index, (a, b) in pairs for found in missing(a, b, f"{path}[{index}]")]
    return [] if given == kept else [path]


def test_what_is_provisioned_is_what_the_code_says() -> None:
    written = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")}
    assert written == rendered(), "run `python -m observability.dashboards`"


@every_board
def test_grafanas_schema_knows_everything_in_it(name: str) -> None:
    given = board(name)
    kept = json.loads(json.dumps(Dashboard.from_json(given), cls=JSONEncoder))
    assert missing(given, kept) == []


@every_board
def test_links_stay_valid(name: str) -> None:
    model = board(name)
    assert model["uid"] == ("weather-kinds" if name == "weather" else f"weather-{name}")
    numbers = [panel["id"] for panel in model["panels"]]
    assert numbers == list(range(1, len(numbers) + 1))


@every_board
def test_panels_do_not_overlap(name: str) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in board(name)["panels"]:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at.get("x", 0), at.get("x", 0) + at["w"])
            for y in range(at.get("y", 0), at.get("y", 0) + at["h"])
        }
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24, panel["title"]
        taken |= cells


def test_country_messages_is_from_redis_alone() -> None:
    found = panels("country-messages")
    assert {panel.title for panel in found} >= {
        "Messages",
        "Messages per Country",
        "Messages by country",
        "Map",
    }
    for panel in found:
        assert panel.model["datasource"] == {"type": "redis-datasource", "uid": "${redis}"}
        for target in panel.targets:
            assert target["datasource"] == {"type": "redis-datasource", "uid": "${redis}"}
            assert (target["type"], target["query"]) == ("command", "")


@pytest.mark.parametrize("name", ["country-messages-prometheus", "pipeline", "energy", "weather"])
def test_the_other_boards_are_from_prometheus(name: str) -> None:
    for panel in panels(name):
        assert panel.model["datasource"] == {"type": "prometheus", "uid": "${prometheus}"}


def test_every_panel_of_country_messages_that_shows_no_texts_has_a_twin_of_the_same_look() -> None:
    twins = {panel.title: panel.model for panel in panels("country-messages-prometheus")}
    firsts = {panel.title: panel.model for panel in panels("country-messages")}
    assert firsts.keys() - twins.keys() == {"Last tweets"}
    for title, twin in twins.items():
        assert (twin["type"], twin["fieldConfig"]) == (firsts[title]["type"], firsts[title]["fieldConfig"])
