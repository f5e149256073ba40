"""The reference chapters are complete: every setting with its default, every metric with its labels."""

import re

from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from tests.manual.program import metric_classes
from tests.manual.text import MANUAL
from weather_tweets import settings


def _rows(chapter: str) -> dict[str, list[str]]:
    """First cell, without its code marks → the other cells."""
    lines = (MANUAL / "tecnico" / chapter).read_text(encoding="utf-8").splitlines()
    rows = [
        [cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("| `")
    ]
    return {row[0].strip("` "): row[1:] for row in rows}


def _shown(default: object) -> str:
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    if default is None or default == "":
        return ""
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{default:g}`" if isinstance(default, float) else f"`{default}`"


def test_every_setting_is_described_with_its_default() -> None:
    described = {name: cells[0] for name, cells in _rows("ajustes.md").items()}
    there = {
        f"{group.model_config['env_prefix']}{name.upper()}": _shown(field.default)
        for group in settings.ALL
        for name, field in group.model_fields.items()
    }
    assert described == there, "manual/tecnico/ajustes.md is not what weather_tweets/settings.py has"


def test_every_metric_is_described_with_its_kind_and_labels() -> None:
    kinds = {"counter": "contador", "gauge": "medida", "histogram": "histograma"}
    there = {}
    for own in metric_classes():
        for metric in vars(own(CollectorRegistry())).values():
            name = metric._name + ("_total" if metric._type == "counter" else "")
            there[name] = (kinds[metric._type], set(metric._labelnames))
    described = {
        name: (cells[0], set(re.findall(r"`(\w+)`", cells[1])))
        for name, cells in _rows("metricas.md").items()
    }
    assert described == there, "manual/tecnico/metricas.md is not what weather_tweets/metrics.py has"
