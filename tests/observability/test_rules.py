import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from observability import metrics_page
from observability.dashboards import FOLDER as DASHBOARDS
from tests.helm.chart import render

RULES = sorted((DASHBOARDS.parent / "rules").glob("*.yaml"))
TESTS = sorted((Path(__file__).parent / "rules").glob("*_test.yaml"))

OUR_METRIC = re.compile(r"\bweather_(?:gateway|producer|streams|writer)_[a-z_]+")


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [shutil.which("promtool") or "promtool", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def used_metrics() -> list[tuple[str, str]]:
    return [
        (path.name, name)
        for path in [*RULES, *sorted(DASHBOARDS.glob("*.json"))]
        for name in sorted(set(OUR_METRIC.findall(path.read_text(encoding="utf-8"))))
    ]


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_prometheus_takes_the_rules(path: Path) -> None:
    checked = promtool("check", "rules", path)
    assert checked.returncode == 0, checked.stderr
    assert "SUCCESS" in checked.stdout


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_the_rules_say_what_they_should(path: Path) -> None:
    checked = promtool("test", "rules", path)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_metric_under_another_name_makes_the_rules_fail(tmp_path: Path) -> None:
    rules = next(path for path in RULES if path.stem == "pipeline")
    renamed = rules.read_text(encoding="utf-8").replace("weather_streams_lag_records", "weather_streams_lag")
    (tmp_path / "pipeline.yaml").write_text(renamed, encoding="utf-8")
    tests = next(path for path in TESTS if path.stem == "pipeline_test").read_text(encoding="utf-8")
    moved = re.sub(r"rule_files: .*", f"rule_files: [{json.dumps(str(tmp_path / 'pipeline.yaml'))}]", tests)
    (tmp_path / "test.yaml").write_text(moved, encoding="utf-8")
    checked = promtool("test", "rules", tmp_path / "test.yaml")
    assert checked.returncode == 1
    assert "WeatherConsumerLagGrowing" in checked.stdout + checked.stderr


@pytest.mark.parametrize(("where", "name"), used_metrics())
def test_every_metric_that_is_asked_for_is_one_of_ours(where: str, name: str) -> None:
    defined = {
        metrics_page.exposed_name(metric) + suffix
        for service in metrics_page.SERVICES
        for metric in metrics_page.metrics(service)
        for suffix in ("", "_bucket", "_sum", "_count")
    }
    assert name in defined, f"{where} asks for {name}"


@pytest.fixture(scope="module")
def charted() -> dict[str, Any]:
    """Groups of rules as the chart installs them, by the group's name."""
    rendered = render({"monitoring": {"rules": {"enabled": True}}})
    return {
        group["name"]: group["rules"]
        for rule in rendered
        if rule["kind"] == "PrometheusRule"
        for group in rule["spec"]["groups"]
    }


def test_the_chart_installs_the_very_same_rules(charted: dict[str, Any]) -> None:
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in RULES]
    own = {group["name"]: group["rules"] for file in files for group in file["groups"]}
    settings = "weather-energy-settings"
    assert {name: rules for name, rules in charted.items() if name != settings} == {
        name: rules for name, rules in own.items() if name != settings
    }
    assert [rule["record"] for rule in charted[settings]] == [rule["record"] for rule in own[settings]]
    assert [rule.get("labels") for rule in charted[settings]] == [
        rule.get("labels") for rule in own[settings]
    ]


def test_prometheus_takes_the_charts_rules(charted: dict[str, Any], tmp_path: Path) -> None:
    groups = [{"name": name, "rules": rules} for name, rules in charted.items()]
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump({"groups": groups}), encoding="utf-8")
    checked = promtool("check", "rules", file)
    assert checked.returncode == 0, checked.stderr


def test_the_chart_installs_the_very_same_dashboards() -> None:
    installed = {
        name: text
        for config in render({"grafana": {"dashboards": {"enabled": True}}})
        if config["kind"] == "ConfigMap"
        for name, text in config.get("data", {}).items()
        if name.endswith(".json")
    }
    assert {name: json.loads(text) for name, text in installed.items()} == {
        path.name: json.loads(path.read_text(encoding="utf-8")) for path in DASHBOARDS.glob("*.json")
    }
