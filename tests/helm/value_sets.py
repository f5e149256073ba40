"""The ways in which the chart is used, by name: every mode and every toggle is in one of them."""

from typing import Any

Values = dict[str, Any]

VALUE_SETS: dict[str, Values] = {
    "defaults": {},
    "one Kafka node": {"kafka": {"mode": "single"}},
    "no volumes": {
        "kafka": {"mode": "single", "single": {"persistence": {"enabled": False}}},
        "redis": {"persistence": {"enabled": False}},
        "mongodb": {"persistence": {"enabled": False}},
    },
    "Strimzi without volumes": {
        "kafka": {"strimzi": {"replicas": 1, "version": "4.3.1", "persistence": {"enabled": False}}}
    },
    "three deployments for the API": {"api": {"layout": "split"}, "kafka": {"mode": "single"}},
    "everything external": {
        "kafka": {
            "mode": "external",
            "external": {
                "bootstrapServers": "kafka-1.example:9093,kafka-2.example:9093",
                "securityProtocol": "SASL_SSL",
                "username": "weather",
                "passwordSecret": "kafka-password",
                "caSecret": "kafka-ca",
            },
        },
        "redis": {"mode": "external", "external": {"urlSecret": "redis-url"}},
        "mongodb": {"mode": "external", "external": {"urlSecret": "mongodb-url"}},
    },
    "plain external Kafka": {
        "kafka": {"mode": "external", "external": {"bootstrapServers": "kafka.example:9092"}},
    },
    "Prometheus operator": {
        "monitoring": {
            "mode": "serviceMonitor",
            "labels": {"release": "monitoring"},
            "rules": {"enabled": True},
        }
    },
    "no monitoring": {
        "monitoring": {"mode": "none"},
        "grafana": {"dashboards": {"enabled": False}, "datasource": {"enabled": False}},
    },
    "scaled by lag": {
        "streams": {"autoscaling": {"lag": {"enabled": True, "selector": {"topic": "messages"}}}},
    },
    "scaled by KEDA": {"streams": {"autoscaling": {"keda": {"enabled": True}}}},
    "a fixed number of workers": {"streams": {"autoscaling": {"enabled": False}, "replicas": 3}},
    "with the swarm": {"loadgen": {"enabled": True, "extraArgs": ["--shape", "sine"]}},
    "with traces": {"tracing": {"endpoint": "http://otel-collector.observability:4318", "ratio": 0.05}},
    "with keys": {
        "gateway": {"keysSecret": "weather-keys", "clientKeySecret": "weather-client-key"},
        "loadgen": {"enabled": True},
    },
    "ingress on nip.io": {"ingress": {"ip": "203.0.113.7"}},
    "ingress with TLS": {
        "ingress": {"host": "weather.example", "className": "gce", "tlsSecret": "weather-tls"},
    },
    "no ingress and no policies": {
        "ingress": {"enabled": False},
        "networkPolicy": {"enabled": False},
        "podDisruptionBudget": {"enabled": False},
    },
    "volumes that exist": {
        "kafka": {"mode": "single", "single": {"persistence": {"existingClaim": "my-kafka"}}},
        "redis": {"persistence": {"existingClaim": "my-redis"}},
        "mongodb": {"persistence": {"existingClaim": "my-mongodb", "storageClass": "premium"}},
        "persistence": {"keep": False, "storageClass": "standard"},
    },
    "a place of its own": {
        "fullnameOverride": "tweets",
        "image": {"repository": "registry.example/weather", "tag": "1.2.3", "pullSecrets": ["login"]},
        "scheduling": {
            "nodeSelector": {"pool": "spot"},
            "tolerations": [{"key": "spot", "operator": "Exists"}],
            "priorityClassName": "high",
            "spread": {"whenUnsatisfiable": "DoNotSchedule"},
        },
        "gateway": {"extraEnv": {"WEATHER_GATEWAY_LIVE_URL": "wss://live.example/live"}},
        "tools": {"auditEnabled": True},
    },
}
