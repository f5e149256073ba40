"""`/healthz` and `/metrics`, on an HTTP port of their own."""

from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest


class Probes:
    """An HTTP server in a thread of its own.

    `/healthz` says that the process is alive, and for people whether Kafka is there. It does not fail without
    Kafka: a restart would not bring it back. gRPC's own health service says whether to send anything.
    """

    def __init__(
        self, host: str, port: int, registry: CollectorRegistry, kafka_is_up: Callable[[], bool]
    ) -> None:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            server_version = "weather-producer"
            sys_version = ""
            timeout = 10

            def handle(self) -> None:
                # Who asks may give up before the answer: no reason for a traceback.
                with suppress(ConnectionError):
                    super().handle()

            def do_HEAD(self) -> None:
                self.do_GET()

            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                if path == "/healthz":
                    state = b"up" if kafka_is_up() else b"away"
                    self._answer(200, "application/json", b'{"status":"alive","kafka":"%s"}' % state)
                elif path == "/metrics":
                    self._answer(200, CONTENT_TYPE_LATEST, generate_latest(registry))
                else:
                    self._answer(404, "text/plain; charset=utf-8", b"There are /healthz and /metrics.\n")

            def _answer(self, status: int, content_type: str, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("X-Content-Type-Options", "nosniff")
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """A line per probe is noise."""

        self._server = ThreadingHTTPServer((host, port), Handler)
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, name="probes", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The port that is listened on, also where 0 was asked for."""
        return self._server.server_port

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
