"""Installing with the default values, installing for the test, and what is left in the end."""

import time
from typing import Any

from tests.e2e import builds
from tests.e2e.cluster import CHART, Cluster, call, until
from tests.e2e.rows.checks import OUR_COMPONENTS, STORES, check, make_namespace
from tests.helm import strimzi

KEPT = {
    "persistentvolumeclaim/{0}-kafka",
    "persistentvolumeclaim/{0}-mongodb",
    "persistentvolumeclaim/{0}-redis",
    "secret/{0}-mongodb",
    "secret/{0}-redis",
}
# Every namespace has them.
NAMESPACES_OWN = {"configmap/kube-root-ca.crt", "serviceaccount/default"}


def defaults(cluster: Cluster) -> str:
    """The API server takes the chart with its default values: Strimzi's resources, without an operator."""
    call("kubectl", "apply", "--server-side", "--filename", str(strimzi.definitions()))
    namespace, release = f"{cluster.options.namespace}-defaults", "defaults"
    make_namespace(namespace)
    try:
        until(
            "Strimzi's kinds are served",
            lambda: "kafkatopics" in call("kubectl", "api-resources", "--api-group=kafka.strimzi.io"),
            seconds=60,
        )
        call("helm", "install", release, CHART, "--namespace", namespace)
        kinds = "kafka,kafkanodepool,kafkatopic,kafkauser,deployment,hpa,ingress,networkpolicy,pdb"
        found = call("kubectl", "--namespace", namespace, "get", kinds, "--output", "name").split()
        check(len(found) > 20, f"only {found}")
        call("helm", "uninstall", release, "--namespace", namespace)
    finally:
        call("kubectl", "delete", "namespace", namespace, "--wait=false")
    return f"{len(found)} objects of {len(kinds.split(','))} kinds taken"


def install(cluster: Cluster) -> str:
    """Every pod is ready within three minutes, in a namespace that enforces `restricted`."""
    make_namespace(cluster.options.namespace)
    began = time.monotonic()
    cluster.upgrade("--set", f"image.tag={builds.TAG}")
    seconds = time.monotonic() - began
    refused = [
        event["message"]
        for event in cluster.objects("events")
        if "violates PodSecurity" in event.get("message", "")
    ]
    check(not refused, f"Pod Security refused: {refused}")
    starts = {component: _start_seconds(cluster, component) for component in (*OUR_COMPONENTS, *STORES)}
    each = ", ".join(f"{name} {took:.0f} s" for name, took in starts.items())
    return f"ready in {seconds:.0f} s; pods: {each}"


def uninstall(cluster: Cluster) -> str:
    """`helm uninstall` leaves what it says it keeps, and nothing else."""
    cluster.helm("uninstall", cluster.options.release, "--wait", "--timeout", "3m")
    release = cluster.options.release
    own = (*OUR_COMPONENTS, *STORES, "tools")
    until("the pods are gone", lambda: not any(cluster.pods(component) for component in own), seconds=120)
    kinds = call("kubectl", "api-resources", "--namespaced", "--verbs=list,delete", "--output=name").split()
    # Events and leases come and go; endpoint slices and replica sets go with what made them.
    shown = [kind for kind in kinds if kind.partition(".")[0] not in {"events", "leases", "pods"}]

    def left() -> set[str]:
        names = cluster.kubectl("get", ",".join(shown), "--ignore-not-found", "--output", "name").split()
        return {f"{name.partition('/')[0].partition('.')[0]}/{name.partition('/')[2]}" for name in names}

    expected = {name.format(release) for name in KEPT} | NAMESPACES_OWN
    until("nothing else is left", lambda: left() <= expected, seconds=60)
    check(left() == expected, f"left {sorted(left())}, not {sorted(expected)}")
    if not cluster.options.keep:
        call("kubectl", "delete", "namespace", cluster.options.namespace, "--timeout=120s")
    return f"kept: {', '.join(sorted(name.format(release) for name in KEPT))}"


def _start_seconds(cluster: Cluster, component: str) -> float:
    """From a pod's scheduling until it was ready: the slowest of the component."""

    def moment(pod: Any, kind: str) -> float:
        [at] = [c["lastTransitionTime"] for c in pod["status"]["conditions"] if c["type"] == kind]
        return time.mktime(time.strptime(at, "%Y-%m-%dT%H:%M:%SZ"))

    return max(moment(pod, "Ready") - moment(pod, "PodScheduled") for pod in cluster.pods(component))
