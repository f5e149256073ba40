"""What the scalers ask Prometheus: how far behind the workers are, and no answer if nobody knows."""

import json
import re
from pathlib import Path

import pytest
import yaml

from tests.helm import chart
from tests.helm.value_sets import VALUE_SETS
from tests.observability.test_rules import promtool

ADAPTER = Path(__file__).parents[2] / "helm/prerequisites/lag-adapter.yaml"


def of_keda() -> str:
    scaled = chart.named(chart.render(VALUE_SETS["scaled by KEDA"]), "ScaledObject", "weather-streams")
    return str(scaled["spec"]["triggers"][1]["metadata"]["query"])


def of_the_adapter() -> str:
    (rule,) = yaml.safe_load(ADAPTER.read_text("utf-8"))["rules"]["external"]
    query = rule["metricsQuery"].replace("<<.Series>>", rule["seriesQuery"])
    return str(query.replace("<<.LabelMatchers>>", 'namespace="project"'))


@pytest.mark.parametrize("query", [of_keda(), of_the_adapter()], ids=["KEDA", "adapter"])
@pytest.mark.parametrize(
    ("lags", "answer"),
    [
        ({("a", 0): 5, ("a", 1): 7, ("b", 2): 0}, 12),
        # Two workers may both think that a partition is theirs.
        ({("a", 0): 5, ("a", 1): 7, ("b", 1): 9, ("b", 2): 0}, 14),
        ({("a", 0): 5, ("a", 1): 7}, None),
        ({}, None),
    ],
)
def test_the_lag_is_all_partitions_or_no_answer(
    query: str, lags: dict[tuple[str, int], int], answer: int | None, tmp_path: Path
) -> None:
    def series(name: str, value: int, **labels: object) -> dict[str, str]:
        named = ",".join(f'{label}="{text}"' for label, text in labels.items())
        return {"series": f'{name}{{namespace="project",{named}}}', "values": str(value)}

    asked = {
        "expr": re.sub(r"\s+", " ", query),
        "eval_time": "0m",
        "exp_samples": [] if answer is None else [{"labels": "{}", "value": answer}],
    }
    known = [series("weather_streams_topic_partitions", 3, pod=pod) for pod in ("a", "b")]
    known += [
        series("weather_streams_lag_records", lag, pod=pod, partition=partition)
        for (pod, partition), lag in lags.items()
    ]
    test = {"evaluation_interval": "1m", "tests": [{"input_series": known, "promql_expr_test": [asked]}]}
    (tmp_path / "lag_test.yaml").write_text(json.dumps(test), encoding="utf-8")

    checked = promtool("test", "rules", tmp_path / "lag_test.yaml")

    assert checked.returncode == 0, checked.stdout + checked.stderr
