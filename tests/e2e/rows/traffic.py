"""What comes through the ingress: the swarm, the live feed, and what must not."""

import json
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from websockets.sync.client import connect

import loadgen
from loadgen.target import resolve
from tests.e2e.cluster import Cluster, until
from tests.e2e.load import Load
from tests.e2e.rows.checks import check, status


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
    hidden = {path: status(cluster, path) for path in ("/metrics", "/healthz", "/readyz")}
    check(set(hidden.values()) == {404}, str(hidden))
    check(status(cluster, "/") == 200, "no page")
    return f"snapshot and delta; {', '.join(hidden)}: 404"
