"""Every request comes in here: a probe is answered, who may not come in is refused, the rest is upgraded."""

import logging
from collections.abc import Callable
from http import HTTPStatus

from prometheus_client import CollectorRegistry
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from weather_tweets.metrics import WriterMetrics
from weather_tweets.settings import WriterSettings
from ws_writer import access, probes
from ws_writer.viewers import MAX_FRAME_BYTES, Viewers

logger = logging.getLogger(__name__)

INGEST = "/ingest"
LIVE = ("/live", "/")


class Doors:
    """Answers the HTTP request that every connection begins with."""

    def __init__(
        self,
        settings: WriterSettings,
        viewers: Viewers,
        metrics: WriterMetrics,
        registry: CollectorRegistry,
        is_redis_up: Callable[[], bool],
        waiting_for: Callable[[], str],
    ) -> None:
        self._token = settings.token.get_secret_value()
        self._origins = settings.origins
        self._viewers = viewers
        self._metrics = metrics
        self._registry = registry
        self._is_redis_up = is_redis_up
        self._waiting_for = waiting_for

    def __call__(self, connection: ServerConnection, request: Request) -> Response | None:
        """The answer to a request, None to go on with the WebSocket handshake."""
        answer = self._answer(connection, request)
        if answer and request.method == "HEAD":
            answer.body = b""
        return answer

    def _answer(self, connection: ServerConnection, request: Request) -> Response | None:
        path = request.path.partition("?")[0]
        if path == "/healthz":
            return probes.health(
                connection,
                redis=self._is_redis_up(),
                reason=self._waiting_for(),
                viewers=len(self._viewers),
            )
        if path == "/metrics":
            return probes.metrics(connection, self._registry)
        if path == INGEST:
            return self._ingest(connection, request)
        if path in LIVE:
            return self._live(connection, request)
        return probes.refusal(connection, HTTPStatus.NOT_FOUND, "Paths: /live, /ingest, /healthz, /metrics")

    def _ingest(self, connection: ServerConnection, request: Request) -> Response | None:
        if access.may_ingest(request.headers.get_all("Authorization"), self._token):
            return None
        reason = "wrong or missing token" if self._token else "no token is configured, so nobody may"
        logger.warning("feed %s refused: %s", connection.id, reason)
        return probes.refusal(
            connection, HTTPStatus.UNAUTHORIZED, f"/ingest: {reason}", WWW_Authenticate="Bearer"
        )

    def _live(self, connection: ServerConnection, request: Request) -> Response | None:
        headers = request.headers
        if not access.may_view(headers.get_all("Origin"), headers.get_all("Host"), self._origins):
            self._metrics.viewers_refused.labels("origin").inc()
            return probes.refusal(connection, HTTPStatus.FORBIDDEN, "Pages of this origin may not watch")
        if self._viewers.is_full:
            self._metrics.viewers_refused.labels("limit").inc()
            return probes.refusal(
                connection, HTTPStatus.SERVICE_UNAVAILABLE, "Too many viewers", Retry_After="10"
            )
        # The server's limit is the feed's; a viewer has nothing to say.
        connection.protocol.max_message_size = MAX_FRAME_BYTES
        return None
