"""Our own services as parts of the stack: `python -m <package>` with its settings in the environment."""

import http.client
import sys
from collections.abc import Mapping
from pathlib import Path

from operations.local import clock
from operations.local.part import Part

PROBE_SECONDS = 2.0
"""A service that does not answer in this time is not ready."""

HEALTH_SECONDS = 5.0
"""One that does not answer its health check in this time has failed it.

Longer: the check waits its turn behind every client, and a service that is overloaded must not be killed for
it, with all the requests that it has in hand.
"""


class Service(Part):
    """A service with an HTTP port that tells its health."""

    package: str
    ready_path = "/healthz"

    def __init__(
        self, name: str, data_dir: Path, environment: Mapping[str, str], *, port: int, log_file: Path
    ) -> None:
        """`port` is where the service answers over HTTP; `environment` has its settings."""
        self.name = name
        super().__init__(data_dir, port=port, log_file=log_file)
        self._environment = dict(environment)
        self.clock_ahead_seconds = 0.0
        """How wrong its clock is from its next start on."""

    def command(self) -> list[str]:
        return [sys.executable, "-m", self.package]

    def environment(self) -> dict[str, str]:
        return self._environment | clock.environment(self.clock_ahead_seconds)

    def answers(self) -> bool:
        return get_ok(self.port, self.ready_path)

    def healthy(self) -> bool:
        """Whether the service still does its work; a port that answers is not enough."""
        return get_ok(self.port, "/healthz", HEALTH_SECONDS)


class Gateway(Service):
    package = "gateway"
    ready_path = "/readyz"


class Producer(Service):
    package = "grpc_producer"


class Writer(Service):
    package = "ws_writer"


class StreamsWorker(Service):
    package = "streams"


def get_ok(port: int, path: str, timeout_seconds: float = PROBE_SECONDS) -> bool:
    """Whether a server of this machine answers 200 in time."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_seconds)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
