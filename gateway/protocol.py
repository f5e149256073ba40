"""HTTP with a limit on how long a request may take to arrive, and an answer to every one that does."""

import asyncio
import re
from contextlib import suppress

from sanic.exceptions import BadRequest
from sanic.http import Http, Stage
from sanic.server import HttpProtocol

_CODINGS = re.compile(rb"(?<=\r\ntransfer-encoding:)[^\r\n]*", re.IGNORECASE)
_LONGEST_NAME_BYTES = 64
_LINGER_SECONDS = 5
_LINGER_BYTES = 64 * 2**20


class AnsweringHttp(Http):
    """Reads what RFC 9112 allows and Sanic does not, and answers also a request whose URL cannot be read."""

    async def http1_request_header(self) -> None:
        """Reads a request's header. Transfer codings have no case; Sanic knows them in lower case."""
        try:
            await super().http1_request_header()  # type: ignore[no-untyped-call]
        except BadRequest:
            # Nothing is taken from the buffer yet. Who keeps to lower case pays nothing for others.
            head, end, rest = bytes(self.recv_buffer).partition(b"\r\n\r\n")
            codings = _CODINGS.findall(head)
            if [each.strip().lower() for each in codings] != [b"chunked"] or codings == [b" chunked"]:
                raise
            self.recv_buffer[:] = _CODINGS.sub(b" chunked", head) + end + rest
            await super().http1_request_header()  # type: ignore[no-untyped-call]

    async def read(self) -> bytes | None:
        """Reads of the body; fields after its last chunk are refused by their name."""
        if self.stage is Stage.IDLE and not self.keep_alive:
            await self._linger()
            return None
        try:
            some: bytes | None = await super().read()
        except BadRequest:
            # Without a body left to read, it was what follows the last chunk.
            if self.request_body:
                raise
            raise BadRequest(
                f"Send {await self._trailer()} as a header or not at all: nothing may follow the last chunk."
            ) from None
        return some

    async def _linger(self) -> None:
        """Lets a client that is still sending find the answer: closing on unread bytes would reset both."""
        self.request_body = None
        transport = self.protocol.transport
        if transport and transport.can_write_eof():
            transport.write_eof()
        discarded = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(_LINGER_SECONDS):
                while discarded < _LINGER_BYTES:
                    discarded += len(self.recv_buffer)
                    self.recv_buffer.clear()
                    await self._receive_more()

    async def _trailer(self) -> str:
        buffer = self.recv_buffer
        while b":" not in buffer and b"\n" not in buffer and len(buffer) < _LONGEST_NAME_BYTES:
            await self._receive_more()
        name = re.match(rb"[!-9;-~]*", buffer)
        return name[0][:_LONGEST_NAME_BYTES].decode() if name and name[0] else "what follows the last chunk"

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
