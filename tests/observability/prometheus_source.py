"""The Prometheus data source, as far as the dashboards use it, against a real Prometheus."""

import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from tests.observability.boards import Json, Panel

Series = dict[str, list[float]]
"""Values over time by legend."""

_LABEL = re.compile(r"\{\{\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*\}\}")


class PrometheusSource:
    """Asks what a panel asks, with the dashboard's variables at their first choice."""

    def __init__(self, url: str, board: Json, *, rate_interval: str, since_seconds: float) -> None:
        self._url = url
        self._since_seconds = since_seconds
        self._variables = {
            "__rate_interval": rate_interval,
            "__range": f"{since_seconds:.0f}s",
            **{
                variable["name"]: _chosen(variable)
                for variable in board["templating"]["list"]
                if variable["type"] in ("custom", "query")
            },
        }

    def series(self, panel: Panel) -> Series:
        """Everything that the panel draws; raises `AssertionError` with Prometheus' words if it refuses."""
        drawn: Series = {}
        for target in panel.targets:
            for labels, values in self.ask(self.interpolated(target["expr"])):
                drawn[_legend(target.get("legendFormat", ""), labels)] = values
        return drawn

    def interpolated(self, expression: str, **chosen: str) -> str:
        """The expression with the dashboard's variables, or with others `chosen`."""
        for name, value in (self._variables | chosen).items():
            expression = expression.replace(f"${{{name}}}", value).replace(f"${name}", value)
        assert "$" not in expression, expression
        return expression

    def ask(self, expression: str) -> list[tuple[dict[str, str], list[float]]]:
        """Labels and values over time of all that an expression gives."""
        now = time.time()
        found = self._answer(
            "query_range", query=expression, start=now - self._since_seconds, end=now, step=1
        )
        return [(each["metric"], [float(value) for _, value in each["values"]]) for each in found]

    def ask_now(self, expression: str) -> list[tuple[dict[str, str], float]]:
        """Labels and values of all that an expression gives at this moment, as for an instant query."""
        found = self._answer("query", query=expression, time=time.time())
        return [(each["metric"], float(each["value"][1])) for each in found]

    def _answer(self, question: str, **arguments: object) -> Any:
        address = f"{self._url}/api/v1/{question}?{urllib.parse.urlencode(arguments)}"
        try:
            with urllib.request.urlopen(address, timeout=10) as reply:  # noqa: S310
                return json.load(reply)["data"]["result"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{arguments['query']}: {error.read().decode()}") from error


def _chosen(variable: Json) -> str:
    chosen = str(variable["current"]["value"])
    return str(variable["allValue"]) if chosen == "$__all" else chosen


def _legend(text: str, labels: dict[str, str]) -> str:
    return _LABEL.sub(lambda found: labels.get(found[1], ""), text)
