"""HTTP with a limit on how long a request may take to arrive, and an answer to every one that does."""

from sanic.http import Http, Stage
from sanic.server import HttpProtocol


class AnsweringHttp(Http):
    """Also answers a request whose URL cannot be read."""

    def create_empty_request(self) -> None:
        """Makes the request that stands in for one that could not be read.

        Sanic's own reads the URL once more, and fails once more where the URL was what is wrong: the
        connection would close without an answer, and the log would have a traceback for it.
        """
        self.url = ""
        super().create_empty_request()


class PunctualHttpProtocol(HttpProtocol):
    """Time-outs count from a request's first byte.

    Sanic's own count from the last byte received, so that a client sending one byte a second is never timed
    out and holds its connection for ever.
    """

    HTTP_CLASS = AnsweringHttp

    def data_received(self, data: bytes) -> None:
        http = self.http
        began = self._time if http is not None and http.stage is not Stage.IDLE else None
        super().data_received(data)
        if began is not None:
            self._time = began

    def close_if_idle(self) -> bool:
        """Called once when the server stops: a busy connection ends with the answer that it waits for.

        Sanic's own would wait for its next request until the time to drain is over.
        """
        closed = super().close_if_idle()
        if not closed:
            self.http.keep_alive = False
        return closed
