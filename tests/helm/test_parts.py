"""The parts of the chart fit together: layouts, scaling, stores, probes, environment."""

from typing import Any

import pytest

from tests.helm import chart
from tests.helm.value_sets import VALUE_SETS
from weather_tweets import settings

SINGLE: dict[str, Any] = {"kafka": {"mode": "single"}}
SPLIT: dict[str, Any] = SINGLE | {"api": {"layout": "split"}}


def _containers(objects: list[chart.Object]) -> dict[str, Any]:
    return {
        container["name"]: container for _, pod in chart.pod_specs(objects) for container in pod["containers"]
    }


def _environment(container: Any) -> dict[str, Any]:
    return {entry["name"]: entry.get("value", entry.get("valueFrom")) for entry in container.get("env", ())}


def test_the_three_services_of_the_api_are_one_pod_or_three() -> None:
    together = chart.named(chart.render(SINGLE), "Deployment", "weather-api")["spec"]["template"]["spec"]
    apart = {item["metadata"]["name"] for item in chart.of_kind(chart.render(SPLIT), "Deployment")}

    assert [container["name"] for container in together["containers"]] == ["gateway", "producer", "writer"]
    assert {"weather-gateway", "weather-producer", "weather-writer"} <= apart
    assert "weather-api" not in apart


@pytest.mark.parametrize("values", [SINGLE, SPLIT], ids=["pod", "split"])
def test_every_service_leads_to_a_port_of_its_pods(values: Any) -> None:
    objects = chart.render(values)
    pods = [
        (item["spec"]["template"]["metadata"]["labels"], item["spec"]["template"]["spec"])
        for item in chart.of_kind(objects, "Deployment")
    ]

    for service in chart.of_kind(objects, "Service"):
        wanted = service["spec"]["selector"].items()
        [pod] = [spec for labels, spec in pods if wanted <= labels.items()]
        ports = {port["name"] for container in pod["containers"] for port in container["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports


@pytest.mark.parametrize("name", VALUE_SETS)
def test_every_variable_is_a_setting_that_the_services_know(name: str) -> None:
    known: set[str] = set()
    for model in settings.ALL:
        prefix = str(model.model_config["env_prefix"])
        known |= {f"{prefix}{field}".upper() for field in model.model_fields}

    for container in _containers(chart.render(VALUE_SETS[name])).values():
        ours = {variable for variable in _environment(container) if variable.startswith("WEATHER_")}
        assert ours <= known


@pytest.mark.parametrize("name", VALUE_SETS)
def test_every_secret_that_is_asked_for_is_made_or_named_by_the_user(name: str) -> None:
    objects = chart.render(VALUE_SETS[name])
    made = {item["metadata"]["name"]: item["stringData"].keys() for item in chart.of_kind(objects, "Secret")}
    # The operator makes one per user.
    made |= {item["metadata"]["name"]: {"password"} for item in chart.of_kind(objects, "KafkaUser")}
    made |= {"kafka-password": {"password"}, "redis-url": {"url"}, "mongodb-url": {"url"}}
    made |= {"weather-client-key": {"key"}}

    for container in _containers(objects).values():
        for source in _environment(container).values():
            if isinstance(source, dict) and "secretKeyRef" in source:
                reference = source["secretKeyRef"]
                assert reference["key"] in made[reference["name"]]


def test_the_gateway_finds_the_keys_where_they_are_mounted_so_that_they_can_be_renewed() -> None:
    for layout in ("pod", "split"):
        values = VALUE_SETS["with keys"] | {"api": {"layout": layout}}
        pod = chart.named(
            chart.render(values), "Deployment", {"pod": "weather-api", "split": "weather-gateway"}[layout]
        )["spec"]["template"]["spec"]
        (gateway,) = (each for each in pod["containers"] if each["name"] == "gateway")
        (volume,) = (each for each in pod["volumes"] if "secret" in each and each["name"] == "gateway-keys")
        (mount,) = (each for each in gateway["volumeMounts"] if each["name"] == volume["name"])
        assert volume["secret"]["secretName"] == "weather-keys"
        assert "subPath" not in mount
        (item,) = volume["secret"]["items"]
        assert _environment(gateway)["WEATHER_GATEWAY_KEYS_FILE"] == f"{mount['mountPath']}/{item['path']}"


def test_traces_are_sent_by_those_that_a_tweet_passes_and_let_out() -> None:
    for endpoint, port in (
        ("http://otel-collector.observability:4318", 4318),
        ("https://traces.example", 443),
        ("http://traces.example/otlp", 80),
    ):
        objects = chart.render({"tracing": {"endpoint": endpoint, "ratio": 0.05}, "api": {"layout": "split"}})
        for name, container in _containers(objects).items():
            variables = _environment(container)
            assert ("OTEL_EXPORTER_OTLP_ENDPOINT" in variables) == (
                container["name"] in {"gateway", "producer", "streams"}
            ), name
        policy = chart.named(objects, "NetworkPolicy", "weather-traces")["spec"]
        assert policy["egress"] == [{"ports": [{"port": port}]}]
        (chosen,) = policy["podSelector"]["matchExpressions"]
        assert set(chosen["values"]) == {"gateway", "producer", "streams"}


def test_workers_scale_by_cpu_and_by_lag_and_slowly_down() -> None:
    scaler = chart.named(
        chart.render(VALUE_SETS["scaled by lag"]), "HorizontalPodAutoscaler", "weather-streams"
    )
    spec = scaler["spec"]

    assert (spec["minReplicas"], spec["maxReplicas"]) == (1, 6)
    assert [metric["type"] for metric in spec["metrics"]] == ["Resource", "External"]
    assert spec["metrics"][1]["external"]["metric"]["name"] == "weather_streams_lag_records"
    assert spec["behavior"]["scaleDown"]["stabilizationWindowSeconds"] == 300
    assert spec["behavior"]["scaleDown"]["policies"] == [{"type": "Pods", "value": 1, "periodSeconds": 60}]


def test_keda_scales_in_place_of_our_scaler_and_takes_an_unknown_lag_for_no_answer() -> None:
    objects = chart.render(VALUE_SETS["scaled by KEDA"])
    scaled = chart.named(objects, "ScaledObject", "weather-streams")["spec"]
    cpu, lag = scaled["triggers"]

    assert not chart.of_kind(objects, "HorizontalPodAutoscaler")
    assert "replicas" not in chart.named(objects, "Deployment", "weather-streams")["spec"]
    assert scaled["scaleTargetRef"] == {"name": "weather-streams"}
    assert (scaled["minReplicaCount"], scaled["maxReplicaCount"]) == (1, 6)
    assert cpu == {"type": "cpu", "metricType": "Utilization", "metadata": {"value": "70"}}
    assert lag["metadata"]["threshold"] == "2000"
    assert lag["metadata"]["ignoreNullValues"] == "false"
    behavior = scaled["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
    assert behavior["scaleDown"]["stabilizationWindowSeconds"] == 300


def test_the_number_of_workers_is_the_scalers_or_the_users() -> None:
    scaled = chart.named(chart.render(), "Deployment", "weather-streams")
    fixed = chart.named(
        chart.render(VALUE_SETS["a fixed number of workers"]), "Deployment", "weather-streams"
    )

    # A number in the Deployment would undo the scaler's at every upgrade.
    assert "replicas" not in scaled["spec"]
    assert fixed["spec"]["replicas"] == 3


def test_our_pods_are_replaced_without_a_gap_and_the_stores_one_after_the_other() -> None:
    for item in chart.of_kind(chart.render(SPLIT), "Deployment"):
        strategy = item["spec"]["strategy"]
        if item["metadata"]["name"].endswith(("redis", "mongodb", "kafka")):
            assert strategy == {"type": "Recreate"}
        else:
            assert strategy["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}


def test_every_service_says_when_it_lives_and_when_it_is_ready() -> None:
    for name, container in _containers(chart.render(SPLIT)).items():
        if name in {"tools", "locust"}:
            continue
        assert {"startupProbe", "livenessProbe", "readinessProbe"} <= container.keys(), name
    streams = _containers(chart.render())["streams"]
    assert streams["livenessProbe"]["httpGet"]["path"] == "/healthz"


def test_the_producer_outlives_the_gateway_of_its_pod() -> None:
    containers = _containers(chart.render(SINGLE))
    gateway = containers["gateway"]
    drained = gateway["lifecycle"]["preStop"]["sleep"]["seconds"] + int(
        _environment(gateway)["WEATHER_GATEWAY_DRAIN_SECONDS"]
    )

    for name in ("producer", "writer"):
        assert containers[name]["lifecycle"]["preStop"]["sleep"]["seconds"] >= drained


@pytest.mark.parametrize("keep", [True, False])
def test_volumes_and_their_passwords_are_kept_together(keep: bool) -> None:
    objects = chart.render(SINGLE | {"persistence": {"keep": keep}})
    kept = [
        f"{item['kind']}/{item['metadata']['name']}"
        for item in objects
        if item["metadata"].get("annotations", {}).get("helm.sh/resource-policy") == "keep"
    ]

    volumes = [f"PersistentVolumeClaim/weather-{store}" for store in ("kafka", "redis", "mongodb")]
    secrets = ["Secret/weather-redis", "Secret/weather-mongodb"]
    assert sorted(kept) == (sorted(volumes + secrets) if keep else [])


def test_strimzi_is_asked_for_what_the_services_use() -> None:
    objects = chart.render()
    topics = {item["spec"]["topicName"]: item["spec"] for item in chart.of_kind(objects, "KafkaTopic")}
    environment = _environment(_containers(objects)["streams"])
    kafka = chart.of_kind(objects, "Kafka")[0]

    assert topics.keys() == {"messages", "messages.dead"}
    assert str(topics["messages"]["partitions"]) == environment["WEATHER_KAFKA_PARTITIONS"]
    assert str(topics["messages"]["replicas"]) == environment["WEATHER_KAFKA_REPLICATION_FACTOR"] == "3"
    assert (
        environment["WEATHER_KAFKA_BOOTSTRAP_SERVERS"] == f"{kafka['metadata']['name']}-kafka-bootstrap:9093"
    )
    assert environment["WEATHER_KAFKA_SECURITY_PROTOCOL"] == "SASL_SSL"
    users = {item["metadata"]["name"] for item in chart.of_kind(objects, "KafkaUser")}
    assert environment["WEATHER_KAFKA_SASL_USERNAME"] in users
    labels = {
        item["metadata"]["labels"].get("strimzi.io/cluster") for item in objects if item["kind"] != "Kafka"
    }
    assert labels <= {None, kafka["metadata"]["name"]}


def test_prometheus_finds_the_metrics_of_every_service() -> None:
    monitors = {
        item["metadata"]["name"]: item["spec"]
        for item in chart.of_kind(chart.render(VALUE_SETS["Prometheus operator"]), "ServiceMonitor")
    }
    services = {
        item["metadata"]["name"]: item["metadata"].get("annotations", {})
        for item in chart.of_kind(chart.render(), "Service")
    }

    expected = {f"weather-{name}" for name in ("gateway", "producer", "writer", "streams")}
    assert monitors.keys() == expected
    assert {
        name for name, notes in services.items() if notes.get("prometheus.io/scrape") == "true"
    } == expected
