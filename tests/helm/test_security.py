"""Pods may do no more than they need, and only who is named may speak to them."""

from typing import Any

import pytest

from tests.helm import chart
from tests.helm.value_sets import VALUE_SETS

# With every pod that the chart can make among them.
EVERY_POD: dict[str, Any] = {"kafka": {"mode": "single"}, "loadgen": {"enabled": True}}
SPLIT: dict[str, Any] = EVERY_POD | {"api": {"layout": "split"}}


def _pods() -> list[Any]:
    return [
        pytest.param(spec, id=f"{layout} {name}")
        for layout, values in {"pod": EVERY_POD, "split": SPLIT}.items()
        for name, spec in chart.pod_specs(chart.render(values))
    ]


@pytest.mark.parametrize("pod", _pods())
def test_a_pod_meets_the_restricted_standard(pod: Any) -> None:
    # https://kubernetes.io/docs/concepts/security/pod-security-standards/
    assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
    assert {next(iter(volume.keys() - {"name"})) for volume in pod["volumes"]} <= {
        "configMap",
        "emptyDir",
        "persistentVolumeClaim",
        "secret",
    }
    for container in pod["containers"]:
        security = container["securityContext"]
        assert security["allowPrivilegeEscalation"] is False
        assert security["capabilities"] == {"drop": ["ALL"]}
        assert all("hostPort" not in port for port in container.get("ports", []))


@pytest.mark.parametrize("pod", _pods())
def test_a_pod_has_no_token_no_service_variables_and_limited_memory(pod: Any) -> None:
    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False
    for container in pod["containers"]:
        assert container["resources"]["limits"]["memory"]
        assert container["resources"]["requests"].keys() == {"cpu", "memory"}
        # The official image of Kafka writes below /opt/kafka.
        read_only = container["securityContext"]["readOnlyRootFilesystem"]
        assert read_only or container["name"] == "kafka"


def test_every_account_exists_and_has_no_token() -> None:
    for values in (EVERY_POD, SPLIT):
        objects = chart.render(values)
        accounts = {item["metadata"]["name"]: item for item in chart.of_kind(objects, "ServiceAccount")}

        used = {pod["serviceAccountName"] for _, pod in chart.pod_specs(objects)}

        assert used == accounts.keys()
        assert all(item["automountServiceAccountToken"] is False for item in accounts.values())


def test_the_ingress_leads_to_the_front_door_alone() -> None:
    ingress = chart.of_kind(chart.render(), "Ingress")[0]

    paths = ingress["spec"]["rules"][0]["http"]["paths"]

    exact = {path["path"] for path in paths if path["pathType"] == "Exact"}
    prefixes = {path["path"] for path in paths if path["pathType"] == "Prefix"}
    assert {"/", "/input", "/live"} <= exact
    assert not {"/metrics", "/healthz", "/readyz"} & (exact | prefixes)
    assert "/" not in prefixes
    services = {path["path"]: path["backend"]["service"]["name"] for path in paths}
    assert services["/live"] == "weather-writer"
    assert {name for path, name in services.items() if path != "/live"} == {"weather-gateway"}
    assert not [name for name in ingress["metadata"]["annotations"] if "snippet" in name]


@pytest.mark.parametrize("values", [EVERY_POD, SPLIT], ids=["pod", "split"])
def test_every_pod_is_under_a_policy_of_its_own(values: Any) -> None:
    objects = chart.render(values)
    policies = [item["spec"] for item in chart.of_kind(objects, "NetworkPolicy")]
    chosen = [policy["podSelector"]["matchLabels"].get("app.kubernetes.io/component") for policy in policies]

    components = {name.partition("/")[2] for name, _ in chart.pod_specs(objects)}

    for component in {"redis", "mongodb", "kafka", "streams", "tools", "loadgen"}:
        assert component in chosen, components
    # The one for all: nothing in, and only names are asked for.
    [everyone] = [policy for policy in policies if len(policy["podSelector"]["matchLabels"]) == 2]
    assert "ingress" not in everyone
    assert {port["port"] for rule in everyone["egress"] for port in rule["ports"]} == {53}


def test_stores_are_reached_by_those_who_need_them() -> None:
    objects = chart.render(SPLIT)

    def visitors(store: str) -> set[str]:
        rules = chart.named(objects, "NetworkPolicy", f"weather-{store}")["spec"]["ingress"]
        return {
            peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"]
            for rule in rules
            for peer in rule["from"]
            if "podSelector" in peer
        }

    assert visitors("mongodb") == {"gateway", "streams", "tools"}
    assert visitors("redis") == {"streams", "writer", "tools"}
    assert visitors("kafka") == {"producer", "streams", "tools", "kafka"}


@pytest.mark.parametrize("name", VALUE_SETS)
def test_no_password_is_in_plain_sight(name: str) -> None:
    objects = chart.render(VALUE_SETS[name])
    secrets = {
        value
        for item in chart.of_kind(objects, "Secret")
        for key, value in item["stringData"].items()
        if key in {"password", "token"}
    }

    elsewhere = str([item for item in objects if item["kind"] != "Secret"])

    assert not [secret for secret in secrets if secret in elsewhere]
    assert all(len(secret) >= 32 for secret in secrets)
