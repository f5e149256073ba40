"""The autoscaler: its figures, up and down by CPU, up by lag."""

from tests.e2e import builds, lag
from tests.e2e.cluster import Cluster, until
from tests.e2e.load import Load
from tests.e2e.rows.checks import check, more_than


def metrics(cluster: Cluster) -> str:
    """The scaler has real figures, no <unknown>."""

    seconds = until("the scaler has figures", lambda: _cpu_percent(cluster) is not None, seconds=120)
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
        until("a further thousand tweets", more_than(load, load.sent + 1000), seconds=120)
        most = cluster.workers()[0]
    at_top = cluster.audit()["expected"] - before
    down = until("one worker again", lambda: cluster.workers() == (1, 1), seconds=2 * limit)
    stored = cluster.audit()["expected"] - before
    check(stored == at_top == load.sent, f"sent {load.sent}, at the top {at_top}, in the end {stored}")
    return (
        f"1 to 3 in {up:.0f} s, {most} at most, back to 1 in {down:.0f} s; {load.sent} sent and stored, "
        f"{len(load.failures)} retries"
    )


def by_lag(cluster: Cluster) -> str:
    """With the lag as an external metric the scaler acts while CPU is idle: nothing is lost on the way.

    MongoDB is away, so that tweets pile up and workers wait; a stand-in for an adapter serves the metric.
    """
    limit, mongodb = cluster.options.scale_seconds, f"deployment/{cluster.name('mongodb')}"
    until("one worker", lambda: cluster.workers() == (1, 1), seconds=limit)
    before = cluster.audit()["expected"]
    settings = ("lag.enabled=true", "lag.recordsPerWorker=500")
    with lag.adapter(cluster):
        values = [word for item in settings for word in ("--set", f"streams.autoscaling.{item}")]
        cluster.upgrade("--set", f"image.tag={builds.TAG}", *values)
        cluster.kubectl("scale", mongodb, "--replicas=0")
        until("MongoDB is gone", lambda: not cluster.pods("mongodb"), seconds=60)
        with Load(cluster.options.ingress_url, per_second=10, batch=50, retry=True) as load:
            until("tweets pile up", lambda: load.sent >= 2_000, seconds=limit)
        behind = 0

        def three_are_wanted() -> bool:
            nonlocal behind
            behind = max(behind, lag.value(cluster) or 0)
            return cluster.workers()[0] >= 3

        up = until("three workers are wanted", three_are_wanted, seconds=limit)
        utilization = _cpu_percent(cluster)
        cluster.kubectl("scale", mongodb, "--replicas=1")
        until("the lag is worked off", lambda: lag.value(cluster) == 0, seconds=limit)
        down = until("one worker again", lambda: cluster.workers() == (1, 1), seconds=2 * limit)
        cluster.upgrade("--set", f"image.tag={builds.TAG}")
    stored = cluster.audit()["expected"] - before
    check(stored == load.sent, f"sent {load.sent}, stored {stored}")
    return (
        f"{behind} behind at {utilization} % CPU: 1 to 3 {up:.0f} s after the load, back in {down:.0f} s; "
        f"{load.sent} sent and stored (metric by a stand-in)"
    )


def _cpu_percent(cluster: Cluster) -> int | None:
    for metric in cluster.scaler()["status"].get("currentMetrics") or []:
        if metric.get("type") == "Resource":
            percent: int | None = metric["resource"]["current"].get("averageUtilization")
            return percent
    return None
