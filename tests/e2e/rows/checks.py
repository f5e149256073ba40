"""What every row uses: a check, and a request through the ingress."""

import http.client
import json
from collections.abc import Callable
from urllib.parse import urlsplit

from loadgen.target import resolve
from tests.e2e.cluster import CheckFailedError, Cluster, call
from tests.e2e.load import Load

OUR_COMPONENTS = ("api", "streams")
STORES = ("kafka", "redis", "mongodb")


def check(holds: object, message: str) -> None:
    """Raises `CheckFailedError` with the message where it does not hold."""
    if not holds:
        raise CheckFailedError(message)


def make_namespace(name: str) -> None:
    """One in which the API server enforces the Pod Security Standard `restricted`."""
    labels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
    call("kubectl", "apply", "--filename", "-", stdin=json.dumps(namespace))


def more_than(load: Load, tweets: int) -> Callable[[], bool]:
    """A condition: so many tweets have been accepted."""
    return lambda: load.sent >= tweets


def status(cluster: Cluster, path: str) -> int:
    """What the ingress answers to a GET."""
    target = resolve(cluster.options.ingress_url)
    parts = urlsplit(target.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=10)
    connection.request("GET", path, headers={"Host": target.host_header} if target.host_header else {})
    status = connection.getresponse().status
    connection.close()
    return status
