"""The rows of the table: one function proves one promise and returns what it saw."""

from collections.abc import Callable

from tests.e2e.cluster import Cluster
from tests.e2e.rows import faults, installation, scaling, traffic

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
