"""The chart's default, `kafka.mode: strimzi`: three brokers that let in only the chart's users."""

import asyncio
import time

from tests.e2e import builds
from tests.e2e.cluster import Cluster, until
from tests.e2e.load import Load
from tests.e2e.rows.checks import check, make_namespace, more_than
from tests.e2e.strimzi_operator import Operator

_IMAGES = {"official": "apache/kafka:4.3.1", "stand-ins": "weather-tweets/e2e-kafka:1"}
_operators: dict[str, Operator] = {}


def install(cluster: Cluster) -> str:
    """Every pod is ready, with the users and rights that the chart asks for."""
    make_namespace(cluster.options.namespace)
    operator = Operator(cluster, _IMAGES[cluster.options.images])
    _operators[cluster.options.namespace] = operator
    operator.start()
    began = time.monotonic()
    cluster.upgrade("--set", f"image.tag={builds.TAG}", "--set", "kafka.mode=strimzi")
    operator.join()
    return f"{', '.join(operator.brokers)}; ready in {time.monotonic() - began:.0f} s"


def roll_brokers(cluster: Cluster) -> str:
    """The brokers are restarted one after another under load: not one request fails, nothing is lost."""
    operator = _operators[cluster.options.namespace]
    before = cluster.audit()["expected"]
    began = time.monotonic()
    with Load(cluster.options.ingress_url, per_second=40, retry=False) as load:
        until("tweets come", more_than(load, 20), seconds=60)
        for broker in operator.brokers:
            cluster.kubectl("delete", "pod", broker, "--wait")
            _back(operator, broker)
        until("tweets come", more_than(load, load.sent + 20), seconds=60)
    check(not load.failures, f"{len(load.failures)} of {load.requests} requests failed: {load.failures[:5]}")
    stored = cluster.audit()["expected"] - before
    check(stored == load.sent, f"sent {load.sent}, stored {stored}")
    return f"{load.requests} requests in {time.monotonic() - began:.0f} s, none failed"


def delete_broker(cluster: Cluster) -> str:
    """A broker's pod is deleted by force under load: nothing is lost."""
    operator = _operators[cluster.options.namespace]
    before = cluster.audit()["expected"]
    with Load(cluster.options.ingress_url, per_second=20, batch=5, retry=True) as load:
        until("tweets come", more_than(load, 100), seconds=60)
        cluster.kubectl("delete", "pod", operator.brokers[1], "--force", "--grace-period=0")
        until("tweets come", more_than(load, load.sent + 100), seconds=60)
        took = _back(operator, operator.brokers[1])
    stored = cluster.audit()["expected"] - before
    check(stored == load.sent, f"sent {load.sent}, stored {stored}")
    return f"in sync again after {took:.0f} s; {load.sent} sent and stored, {len(load.failures)} retries"


def uninstall(cluster: Cluster) -> str:
    """The objects go with the release; the volumes stay."""
    cluster.helm("uninstall", cluster.options.release, "--wait", "--timeout", "3m")
    operator = _operators.pop(cluster.options.namespace)
    check(not cluster.objects("kafka,kafkanodepool,kafkatopic,kafkauser"), "Strimzi's objects are left")
    operator.remove()
    volumes = cluster.objects("persistentvolumeclaims")
    kept = [each["metadata"]["name"] for each in volumes if "-pool-" in each["metadata"]["name"]]
    check(len(kept) == len(operator.brokers), f"volumes of the brokers: {kept}")
    if not cluster.options.keep:
        cluster.kubectl("delete", "namespace", cluster.options.namespace, "--timeout=120s")
    return f"kept: {', '.join(kept)}"


def _back(operator: Operator, broker: str) -> float:
    """Seconds until the broker is ready, and every replica in sync."""
    return until(
        f"{broker} is in sync",
        lambda: asyncio.run(operator.in_sync(but=broker)),
        seconds=180,
    )
