"""Installs the stand-in for a metrics adapter, by the API's own means: an APIService that leads to a pod."""

import base64
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.e2e import builds
from tests.e2e.cluster import CheckFailedError, Cluster, call, until
from tests.e2e.lag_adapter import METRIC, PORT
from tests.e2e.options import HERE

NAME = "lag-adapter"
API_SERVICE = "v1beta1.external.metrics.k8s.io"


@contextmanager
def adapter(cluster: Cluster) -> Iterator[None]:
    """While it runs, the metric is served."""
    objects = _objects(cluster)
    call(
        "kubectl",
        "apply",
        "--filename",
        "-",
        stdin=json.dumps({"kind": "List", "apiVersion": "v1", "items": objects}),
    )
    try:
        until("the lag is served as a metric", lambda: value(cluster) is not None, seconds=120)
        yield
    finally:
        call("kubectl", "delete", "apiservice", API_SERVICE)
        names = [f"{item['kind'].lower()}/{NAME}" for item in objects if item["kind"] != "APIService"]
        cluster.kubectl("delete", *names, "--wait=false")


def value(cluster: Cluster) -> int | None:
    """Records behind, as the autoscaler is told; None while nobody says."""
    path = f"/apis/external.metrics.k8s.io/v1beta1/namespaces/{cluster.options.namespace}/{METRIC}"
    try:
        items: list[Any] = json.loads(call("kubectl", "get", "--raw", path))["items"]
    except CheckFailedError:
        return None
    return int(items[0]["value"])


def _objects(cluster: Cluster) -> list[Any]:
    namespace, release = cluster.options.namespace, cluster.options.release
    meta = {"name": NAME, "namespace": namespace}
    # As one of the tools it may speak to the workers, where policies are enforced.
    labels = {
        "app.kubernetes.io/name": "weather-tweets",
        "app.kubernetes.io/instance": release,
        "app.kubernetes.io/component": "tools",
        "e2e": NAME,
    }
    container = {
        "name": "adapter",
        "image": f"weather-tweets/tools:{builds.TAG}",
        "command": ["python", "/code/lag_adapter.py"],
        "env": [{"name": "WEATHER_AUDIT_STATS_URL", "value": f"http://{release}-streams:6066/stats"}],
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [{"name": "code", "mountPath": "/code"}, {"name": "tls", "mountPath": "/tls"}],
    }
    pod = {
        "automountServiceAccountToken": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 10001,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
        "volumes": [
            {"name": "code", "configMap": {"name": NAME}},
            {"name": "tls", "secret": {"secretName": NAME}},
        ],
    }
    code = (HERE / "lag_adapter.py").read_text("utf-8")
    return [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"lag_adapter.py": code}},
        {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "data": _certificate(namespace)},
        {"apiVersion": "v1", "kind": "Pod", "metadata": {**meta, "labels": labels}, "spec": pod},
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": meta,
            "spec": {"selector": {"e2e": NAME}, "ports": [{"port": 443, "targetPort": PORT}]},
        },
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": meta,
            "spec": {"podSelector": {"matchLabels": {"e2e": NAME}}, "ingress": [{"ports": [{"port": PORT}]}]},
        },
        {
            "apiVersion": "apiregistration.k8s.io/v1",
            "kind": "APIService",
            "metadata": {"name": API_SERVICE},
            "spec": {
                "group": "external.metrics.k8s.io",
                "version": "v1beta1",
                "service": {"name": NAME, "namespace": namespace},
                "groupPriorityMinimum": 100,
                "versionPriority": 100,
                "insecureSkipTLSVerify": True,
            },
        },
    ]


def _certificate(namespace: str) -> dict[str, str]:
    with tempfile.TemporaryDirectory() as folder:
        key, certificate = Path(folder, "tls.key"), Path(folder, "tls.crt")
        call(
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
            "-subj", f"/CN={NAME}.{namespace}.svc", "-keyout", str(key), "-out", str(certificate),
        )  # fmt: skip
        return {path.name: base64.b64encode(path.read_bytes()).decode() for path in (key, certificate)}
