"""The rows of the table: one function proves one promise and returns what it saw."""

import functools
import http.client
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from websockets.sync.client import connect

import loadgen
from loadgen.target import resolve
from tests.e2e import builds
from tests.e2e.cluster import CHART, CheckFailedError, Cluster, call, until
from tests.e2e.load import Load
from tests.helm import strimzi

Row = Callable[[Cluster], str]

OUR_COMPONENTS = ("api", "streams")
STORES = ("kafka", "redis", "mongodb")
KEPT = {
    "persistentvolumeclaim/{0}-kafka",
    "persistentvolumeclaim/{0}-mongodb",
    "persistentvolumeclaim/{0}-redis",
    "secret/{0}-mongodb",
    "secret/{0}-redis",
}
# Every namespace has them.
NAMESPACES_OWN = {"configmap/kube-root-ca.crt", "serviceaccount/default"}


def check(holds: object, message: str) -> None:
    if not holds:
        raise CheckFailedError(message)


def defaults(cluster: Cluster) -> str:
    """The API server takes the chart with its default values: Strimzi's resources, without an operator."""
    call("kubectl", "apply", "--server-side", "--filename", str(strimzi.definitions()))
    namespace, release = f"{cluster.options.namespace}-defaults", "defaults"
    _make_namespace(namespace)
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
    _make_namespace(cluster.options.namespace)
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


def swarm(cluster: Cluster) -> str:
    """Ten clients, 10,000 requests by Locust through the ingress: all accepted, the audit agrees."""
    tweets, users = cluster.options.tweets, cluster.options.users
    before = cluster.audit()["expected"]
    with tempfile.TemporaryDirectory() as folder:
        summary = Path(folder) / "summary.json"
        result = subprocess.run(
            [
                sys.executable, "-m", "locust",
                "--locustfile", str(Path(loadgen.__file__).with_name("locustfile.py")),
                "--headless", "--only-summary", "--loglevel", "ERROR",
                "--host", cluster.options.ingress_url,
                "--users", str(users), "--tweets", str(tweets), "--summary", str(summary),
            ],
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
        check(summary.exists(), f"Locust: {result.stderr[-500:]}")
        outcome: dict[str, Any] = json.loads(summary.read_text())
    check(outcome["accepted"] == tweets and not outcome["failed"], f"Locust counted {outcome}")
    ended = time.monotonic()
    counts = cluster.audit()
    check(counts["expected"] - before == tweets, f"{counts['expected'] - before} in the stores, not {tweets}")
    latency = outcome["latency_ms"]
    return (
        f"{outcome['accepted']} accepted, {outcome['requests_per_second']:.0f}/s, "
        f"p95 {latency['p95']:.0f} ms; audit agrees {time.monotonic() - ended:.0f} s later"
    )


def helm_test(cluster: Cluster) -> str:
    """`helm test` passes."""
    cluster.helm("test", cluster.options.release, "--timeout", "3m")
    return "a tweet is counted, the audit agrees"


def live(cluster: Cluster) -> str:
    """The live feed comes through the ingress; metrics and health do not."""
    target = resolve(cluster.options.ingress_url)
    host = target.host_header or target.url.partition("://")[2]
    address = target.url.partition("://")[2]
    name, _, port = address.partition(":")
    uri = f"ws://{host}/live"
    plain = socket.create_connection((name, int(port or 80)), timeout=10)
    with connect(uri, sock=plain, open_timeout=10) as viewer:
        snapshot = json.loads(viewer.recv(timeout=10))
        check(snapshot["type"] == "snapshot", str(snapshot)[:200])
        with Load(cluster.options.ingress_url, per_second=5, threads=1, retry=True) as load:
            until("a tweet goes in", lambda: load.sent, seconds=30, pause=0.1)
        grown = 0
        while grown < snapshot["accepted"] + 1:
            grown = json.loads(viewer.recv(timeout=10))["accepted"]
    hidden = {path: _status(cluster, path) for path in ("/metrics", "/healthz", "/readyz")}
    check(set(hidden.values()) == {404}, str(hidden))
    check(_status(cluster, "/") == 200, "no page")
    return f"snapshot and delta; {', '.join(hidden)}: 404"


def metrics(cluster: Cluster) -> str:
    """The scaler has real figures, no <unknown>."""

    def current() -> Any:
        for metric in cluster.scaler()["status"].get("currentMetrics") or []:
            if metric.get("type") == "Resource":
                return metric["resource"]["current"].get("averageUtilization") is not None
        return False

    seconds = until("the scaler has figures", current, seconds=120)
    line = cluster.kubectl("get", "hpa", cluster.name("streams"), "--no-headers").split()
    check("<unknown>" not in " ".join(line), " ".join(line))
    return f"{' '.join(line[2:4])} after {seconds:.0f} s"


def scale(cluster: Cluster) -> str:
    """Under a steady load the workers go from 1 to at least 3, and back to 1 after it; nothing is lost."""
    limit = cluster.options.scale_seconds
    until("one worker", lambda: cluster.workers() == (1, 1), seconds=limit)
    before = cluster.audit()["expected"]
    with Load(cluster.options.ingress_url, per_second=20, batch=50, retry=True) as load:
        up = until("three workers are ready", lambda: cluster.workers()[1] >= 3, seconds=limit)
        # Under load with all of them, so that partitions have moved while tweets came.
        until("a further thousand tweets", _more_than(load, load.sent + 1000), seconds=120)
        most = cluster.workers()[0]
    at_top = cluster.audit()["expected"] - before
    down = until("one worker again", lambda: cluster.workers() == (1, 1), seconds=2 * limit)
    stored = cluster.audit()["expected"] - before
    check(stored == at_top == load.sent, f"sent {load.sent}, at the top {at_top}, in the end {stored}")
    return (
        f"1 to 3 in {up:.0f} s, {most} at most, back to 1 in {down:.0f} s; {load.sent} sent and stored, "
        f"{len(load.failures)} retries"
    )


def delete_pods(cluster: Cluster) -> str:
    """A pod of each kind is deleted by force under load: nothing is lost."""
    before = cluster.audit()["expected"]
    took = {}
    with Load(cluster.options.ingress_url, per_second=20, batch=5, retry=True) as load:
        for component in (*OUR_COMPONENTS, *STORES):
            until("tweets come", _more_than(load, load.sent + 100), seconds=180)
            victim = cluster.pods(component)[0]["metadata"]["name"]
            cluster.kubectl("delete", "pod", victim, "--force", "--grace-period=0")
            time.sleep(2)
            took[component] = 2 + until(
                f"{component} is there again", functools.partial(cluster.available, component), seconds=180
            )
            until("tweets come again", _more_than(load, load.sent + 100), seconds=180)
    stored = cluster.audit()["expected"] - before
    check(stored == load.sent, f"sent {load.sent}, stored {stored}")
    back = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in took.items())
    return f"back after: {back}; {load.sent} sent and stored, {len(load.failures)} retries"


def upgrade(cluster: Cluster) -> str:
    """Every image of ours is upgraded under load, and rolled back: no failed request, nothing lost."""
    before = cluster.audit()["expected"]
    revision = json.loads(cluster.helm("history", cluster.options.release, "--output", "json"))[-1][
        "revision"
    ]
    timeout = ("--timeout", "5m")
    with Load(cluster.options.ingress_url, per_second=40, retry=False) as load:
        until("tweets come", _more_than(load, 20), seconds=60)
        began = time.monotonic()
        cluster.upgrade("--set", f"image.tag={builds.UPGRADED}", *timeout)
        upgraded = time.monotonic() - began
        _settled(cluster, builds.UPGRADED)
        began = time.monotonic()
        cluster.helm("rollback", cluster.options.release, str(revision), "--wait", *timeout)
        rolled_back = time.monotonic() - began
        _settled(cluster, builds.TAG)
        until("tweets come", _more_than(load, load.sent + 20), seconds=60)
    check(not load.failures, f"{len(load.failures)} of {load.requests} requests failed: {load.failures[:5]}")
    stored = cluster.audit()["expected"] - before
    check(stored == load.sent, f"sent {load.sent}, stored {stored}")
    return f"upgraded in {upgraded:.0f} s, back in {rolled_back:.0f} s; {load.requests} requests, none failed"


def restart_stores(cluster: Cluster) -> str:
    """Redis and MongoDB have their data again after a restart, the live totals too: nobody recounts those."""
    before = cluster.audit()
    live_before = _live_totals(cluster)
    for component in ("redis", "mongodb"):
        cluster.kubectl("rollout", "restart", f"deployment/{cluster.name(component)}")
        cluster.kubectl("rollout", "status", f"deployment/{cluster.name(component)}", "--timeout=120s")
    after = cluster.audit()
    check(after["mongo"] == before["mongo"], f"MongoDB had {before['mongo']}, has {after['mongo']}")
    check(live_before and _live_totals(cluster) == live_before, f"live totals were {live_before}")
    return f"{after['mongo']} tweets, live totals as before"


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


ROWS: dict[str, Row] = {
    "defaults": defaults,
    "install": install,
    "metrics": metrics,
    "swarm": swarm,
    "helm-test": helm_test,
    "live": live,
    "scale": scale,
    "delete-pods": delete_pods,
    "upgrade": upgrade,
    "restart-stores": restart_stores,
    "uninstall": uninstall,
}


def _make_namespace(name: str) -> None:
    labels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
    call("kubectl", "apply", "--filename", "-", stdin=json.dumps(namespace))


def _start_seconds(cluster: Cluster, component: str) -> float:
    """From a pod's scheduling until it was ready: the slowest of the component."""

    def moment(pod: Any, kind: str) -> float:
        [at] = [c["lastTransitionTime"] for c in pod["status"]["conditions"] if c["type"] == kind]
        return time.mktime(time.strptime(at, "%Y-%m-%dT%H:%M:%SZ"))

    return max(moment(pod, "Ready") - moment(pod, "PodScheduled") for pod in cluster.pods(component))


def _more_than(load: Load, tweets: int) -> Callable[[], bool]:
    return lambda: load.sent >= tweets


def _settled(cluster: Cluster, tag: str) -> None:
    """Every pod of ours runs that tag, and no other is left."""

    def on_tag() -> bool:
        pods = [pod for component in OUR_COMPONENTS for pod in cluster.pods(component)]
        return all(c["image"].endswith(f":{tag}") for pod in pods for c in pod["spec"]["containers"])

    until(f"every pod runs {tag}", on_tag, seconds=120)


def _status(cluster: Cluster, path: str) -> int:
    target = resolve(cluster.options.ingress_url)
    parts = urlsplit(target.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=10)
    connection.request("GET", path, headers={"Host": target.host_header} if target.host_header else {})
    status = connection.getresponse().status
    connection.close()
    return status


def _live_totals(cluster: Cluster) -> str:
    pod = cluster.pods("redis")[0]["metadata"]["name"]
    return cluster.kubectl("exec", pod, "--", "redis-cli", "hgetall", "live:totals")
