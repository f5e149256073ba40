"""Every way of using the chart renders to objects that the real API servers would take."""

import copy
from typing import Any

import pytest

from tests.helm import chart
from tests.helm.schemas import problems
from tests.helm.value_sets import VALUE_SETS


@pytest.mark.parametrize("name", VALUE_SETS)
def test_every_object_fits_its_schema(name: str) -> None:
    objects = chart.render(VALUE_SETS[name])

    found = {f"{item['kind']}/{item['metadata']['name']}": problems(item) for item in objects}

    assert {key: value for key, value in found.items() if value} == {}
    assert len(objects) > 20


@pytest.mark.parametrize("name", VALUE_SETS)
def test_no_two_objects_have_one_name(name: str) -> None:
    objects = chart.render(VALUE_SETS[name])

    names = [(item["kind"], item["metadata"]["name"]) for item in objects]

    assert len(names) == len(set(names))
    assert {item["metadata"]["namespace"] for item in objects} == {chart.NAMESPACE}


@pytest.mark.parametrize("name", VALUE_SETS)
def test_helm_lint_has_nothing_to_say(name: str) -> None:
    assert "0 chart(s) failed" in chart.lint(VALUE_SETS[name])


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("Deployment", ["spec", "template", "spec", "contaners"], []),
        ("HorizontalPodAutoscaler", ["spec", "maxReplicas"], "six"),
        ("Kafka", ["spec", "kafka", "listeners"], [{"name": "tls"}]),
        ("KafkaUser", ["spec", "authorization", "acls", 0, "operation"], "Read"),
        ("ServiceMonitor", ["spec", "endpoints", 0, "interval"], "15"),
        ("PrometheusRule", ["spec", "groups", 0, "rule"], []),
    ],
)
def test_a_wrong_object_is_found(kind: str, path: list[Any], value: object) -> None:
    # Otherwise the tests above would prove nothing.
    item = copy.deepcopy(chart.of_kind(chart.render(VALUE_SETS["Prometheus operator"]), kind)[0])
    place: Any = item
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value

    assert problems(item)


@pytest.mark.parametrize("name", ["defaults", "ingress on nip.io", "ingress with TLS", "one Kafka node"])
def test_the_notes_name_the_real_addresses(name: str) -> None:
    text = chart.notes(VALUE_SETS[name])

    expected = {
        "ingress on nip.io": "http://203.0.113.7.nip.io/input",
        "ingress with TLS": "wss://weather.example/live",
    }
    assert expected.get(name, "/input") in text
    assert "create job audit-now --from=cronjob/weather-audit" in text
