"""The rows of the table: one function proves one promise and returns what it saw."""

from collections.abc import Callable

from tests.e2e.cluster import Cluster
from tests.e2e.rows import faults, installation, scaling, strimzi, traffic

Row = Callable[[Cluster], str]

ROWS: dict[str, Row] = {
    "defaults": installation.defaults,
    "install": installation.install,
    "metrics": scaling.metrics,
    "swarm": traffic.swarm,
    "helm-test": traffic.helm_test,
    "live": traffic.live,
    "scale": scaling.scale,
    "lag": scaling.by_lag,
    "delete-pods": faults.delete_pods,
    "upgrade": faults.upgrade,
    "restart-stores": faults.restart_stores,
    "uninstall": installation.uninstall,
}
"""With one plain broker (`kafka.mode: single`)."""

STRIMZI_ROWS: dict[str, Row] = {
    "strimzi-install": strimzi.install,
    "strimzi-swarm": traffic.swarm,
    "strimzi-roll-brokers": strimzi.roll_brokers,
    "strimzi-delete-broker": strimzi.delete_broker,
    "strimzi-uninstall": strimzi.uninstall,
}
"""With the chart's default, in a namespace of its own."""
