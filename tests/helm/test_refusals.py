"""A wrong value is refused, and the message says which and why."""

from typing import Any

import pytest

from tests.helm import chart

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a layout that is none": ({"api": {"layout": "both"}}, "/api/layout"),
    "a mode of Kafka that is none": ({"kafka": {"mode": "zookeeper"}}, "/kafka/mode"),
    "no partitions": ({"kafka": {"partitions": 0}}, "/kafka/partitions"),
    "a number as text": (
        {"streams": {"autoscaling": {"maxReplicas": "six"}}},
        "/streams/autoscaling/maxReplicas",
    ),
    "a name nobody knows": ({"redis": {"pasword": "x"}}, "'pasword' not allowed"),
    "a resource nobody knows": ({"gateway": {"resources": {"request": {}}}}, "'request' not allowed"),
    "a size without a unit that is known": (
        {"redis": {"persistence": {"size": "1 GB"}}},
        "/redis/persistence/size",
    ),
    "an address that is none": ({"ingress": {"ip": "localhost"}}, "/ingress/ip"),
    "a tag with a space": ({"image": {"tag": "my tag"}}, "/image/tag"),
    "an environment variable in small letters": (
        {"writer": {"extraEnv": {"debug": "1"}}},
        "/writer/extraEnv",
    ),
    "more workers than partitions": (
        {"streams": {"autoscaling": {"maxReplicas": 7}}},
        "streams.autoscaling.maxReplicas (7) is more than kafka.partitions (6)",
    ),
    "more fixed workers than partitions": (
        {"streams": {"autoscaling": {"enabled": False}, "replicas": 8}},
        "streams.replicas (8) is more than kafka.partitions (6)",
    ),
    "a swarm that would be turned away": (
        {"gateway": {"keysSecret": "keys"}, "loadgen": {"enabled": True}},
        "gateway.clientKeySecret must name a Secret",
    ),
    "a share above all": ({"tracing": {"ratio": 5}}, "/tracing/ratio"),
    "a collector without a scheme": ({"tracing": {"endpoint": "collector:4318"}}, "/tracing/endpoint"),
    "fewest above most": (
        {"streams": {"autoscaling": {"minReplicas": 5, "maxReplicas": 4}}},
        "minReplicas (5) is more than streams.autoscaling.maxReplicas (4)",
    ),
    "external Kafka without an address": ({"kafka": {"mode": "external"}}, "kafka.external.bootstrapServers"),
    "external Kafka without a password": (
        {
            "kafka": {
                "mode": "external",
                "external": {"bootstrapServers": "kafka:9092", "securityProtocol": "SASL_SSL"},
            }
        },
        "username and passwordSecret must be given",
    ),
    "external Redis without its address": ({"redis": {"mode": "external"}}, "redis.external.urlSecret"),
    "external MongoDB without its address": ({"mongodb": {"mode": "external"}}, "mongodb.external.urlSecret"),
    "dead letters among the living": ({"kafka": {"deadTopic": "messages"}}, "must differ"),
    "a producer that leaves before its gateway": (
        {"producer": {"preStopSeconds": 5}},
        "producer.preStopSeconds (5)",
    ),
    "less grace than draining takes": (
        {"api": {"terminationGracePeriodSeconds": 20}},
        "api.terminationGracePeriodSeconds (20)",
    ),
    "metrics for the world": (
        {"ingress": {"exactPaths": ["/", "/metrics"]}},
        "/metrics is not for the world",
    ),
    "everything for the world": ({"ingress": {"prefixPaths": ["/"]}}, "name the paths"),
}


@pytest.mark.parametrize("name", WRONG)
def test_is_refused(name: str) -> None:
    values, message = WRONG[name]

    with pytest.raises(chart.RefusedError) as refusal:
        chart.render(values)

    assert message in str(refusal.value)
