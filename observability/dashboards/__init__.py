"""Grafana dashboards as code, on Grafana's foundation SDK.

`python -m observability.dashboards` writes them to `helm/weather-tweets/dashboards/`, from where the
chart and the compose file provision them.
"""

import json
from pathlib import Path

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder

from observability.dashboards import (
    country_messages,
    country_messages_prometheus,
    country_messages_redis,
    energy,
    pipeline,
    weather,
)

FOLDER = Path(__file__).parents[2] / "helm" / "weather-tweets" / "dashboards"


def rendered() -> dict[str, str]:
    """Every dashboard as JSON by the name of its file."""
    dashboards = {
        "country-messages.json": country_messages.dashboard(country_messages_redis.SOURCE),
        "country-messages-prometheus.json": country_messages.dashboard(country_messages_prometheus.SOURCE),
        "pipeline.json": pipeline.dashboard(),
        "energy.json": energy.dashboard(),
        "weather.json": weather.dashboard(),
    }
    return {name: _as_json(dashboard) for name, dashboard in dashboards.items()}


def _as_json(builder: Dashboard) -> str:
    dashboard = builder.build()
    # Links to a panel carry its id: numbered here, so that they stay the same from run to run.
    for number, panel in enumerate(dashboard.panels or [], start=1):
        panel.id_val = number
    return json.dumps(dashboard, cls=JSONEncoder, indent=2, ensure_ascii=False) + "\n"
