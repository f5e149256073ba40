"""Pods that die, images that change and stores that restart, under load."""

import functools
import json
import time

from tests.e2e import builds
from tests.e2e.cluster import Cluster, until
from tests.e2e.load import Load
from tests.e2e.rows.checks import OUR_COMPONENTS, STORES, check, more_than


def delete_pods(cluster: Cluster) -> str:
    """A pod of each kind is deleted by force under load: nothing is lost."""
    before = cluster.audit()["expected"]
    took = {}
    with Load(cluster.options.ingress_url, per_second=20, batch=5, retry=True) as load:
        for component in (*OUR_COMPONENTS, *STORES):
            until("tweets come", more_than(load, load.sent + 100), seconds=180)
            victim = cluster.pods(component)[0]["metadata"]["name"]
            cluster.kubectl("delete", "pod", victim, "--force", "--grace-period=0")
            time.sleep(2)
            took[component] = 2 + until(
                f"{component} is there again", functools.partial(cluster.available, component), seconds=180
            )
            until("tweets come again", more_than(load, load.sent + 100), seconds=180)
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
        until("tweets come", more_than(load, 20), seconds=60)
        began = time.monotonic()
        cluster.upgrade("--set", f"image.tag={builds.UPGRADED}", *timeout)
        upgraded = time.monotonic() - began
        _settled(cluster, builds.UPGRADED)
        began = time.monotonic()
        cluster.helm("rollback", cluster.options.release, str(revision), "--wait", *timeout)
        rolled_back = time.monotonic() - began
        _settled(cluster, builds.TAG)
        until("tweets come", more_than(load, load.sent + 20), seconds=60)
    check(not load.failures, f"{len(load.failures)} of {load.requests} requests failed: {load.failures[:5]}")
    stored = cluster.audit()["expected"] - before
    check(stored == load.sent, f"sent {load.sent}, stored {stored}")
    return (
        f"upgraded in {upgraded:.0f} s, back in {rolled_back:.0f} s; {load.requests} requests, none failed, "
        f"{load.reconnects} on a new connection"
    )


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


def _settled(cluster: Cluster, tag: str) -> None:
    """Every pod of ours runs that tag, and no other is left."""

    def on_tag() -> bool:
        pods = [pod for component in OUR_COMPONENTS for pod in cluster.pods(component)]
        return all(c["image"].endswith(f":{tag}") for pod in pods for c in pod["spec"]["containers"])

    until(f"every pod runs {tag}", on_tag, seconds=120)


def _live_totals(cluster: Cluster) -> str:
    pod = cluster.pods("redis")[0]["metadata"]["name"]
    return cluster.kubectl("exec", pod, "--", "redis-cli", "hgetall", "live:totals")
