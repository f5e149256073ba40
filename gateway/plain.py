"""Plain requests: a `POST /input` with nothing unusual about it, read by llhttp (`httptools`).

Whatever else comes (other methods and paths, chunks, compressed bodies, `Expect`, pages of other origins,
several requests at once, anything malformed) is not judged here: it is left to Sanic's own parser, byte
for byte. So a request that is taken is one on which all parsers agree, and what the gateway says about
all others is said in one place.
"""

from typing import NamedTuple

import httptools

BEGINNING = b"POST /input HTTP/1.1\r\n"

_MAX_HEAD_BYTES = 4096
"""Half of what Sanic takes: a longer one is Sanic's to refuse."""
_MAX_BODY_BYTES = 2**20

_UUID_CHARACTERS = 36
# Other headers say nothing that matters here (`User-Agent`, `X-Forwarded-For`, …).
_CONTENT_TYPE, _CONTENT_LENGTH, _KEY, _HOST = b"content-type", b"content-length", b"idempotency-key", b"host"
_AUTHORIZATION, _TRACEPARENT = b"authorization", b"traceparent"
_ONCE = frozenset({_CONTENT_TYPE, _CONTENT_LENGTH, _KEY, _HOST, _AUTHORIZATION, _TRACEPARENT})
_UNUSUAL = frozenset({
    b"connection", b"content-encoding", b"expect", b"origin", b"te", b"trailer", b"transfer-encoding",
    b"upgrade",
})  # fmt: skip
"""They change what the body is, or the answer."""


class PlainRequest(NamedTuple):
    """A whole request; `key` is the value of `Idempotency-Key`."""

    body: bytes
    key: str | None


class Reader:
    """Reads the requests of one connection, one at a time."""

    def __init__(self) -> None:
        self._parser = httptools.HttpRequestParser(self)
        self._seen: dict[bytes, bytes] = {}
        self._body: list[bytes] = []
        self._begun = 0
        self._is_complete = False
        self._is_unusual = False

    def read(self, data: bytes) -> PlainRequest | bool:
        """The request that begins with `data`; else whether the rest of it may still make it one (`more`).

        After False nothing more may be read: the reader is of no more use.
        """
        if len(data) > _MAX_HEAD_BYTES and b"\r\n\r\n" not in data[:_MAX_HEAD_BYTES]:
            return False
        self._seen.clear()
        self._body.clear()
        self._begun = 0
        self._is_complete = self._is_unusual = False
        return self.more(data)

    def more(self, data: bytes) -> PlainRequest | bool:
        """As `read`, with what came after it."""
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            return False
        seen = self._seen
        if self._is_unusual or self._begun > 1 or seen.get(_CONTENT_TYPE) != b"application/json":
            return False
        if not self._is_complete:
            length = seen.get(_CONTENT_LENGTH, b"")
            return length.isdigit() and int(length) <= _MAX_BODY_BYTES
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        if _HOST not in seen or seen.get(_CONTENT_LENGTH) != b"%d" % len(body):
            return False
        key = seen.get(_KEY)
        if key is None:
            return PlainRequest(body, None)
        if len(key) != _UUID_CHARACTERS or not key.isascii():
            return False
        return PlainRequest(body, key.decode())

    @property
    def authorization(self) -> bytes | None:
        """The header of that name of the request that was read last."""
        return self._seen.get(_AUTHORIZATION)

    @property
    def traceparent(self) -> str | None:
        """The header of that name of the request that was read last."""
        value = self._seen.get(_TRACEPARENT)
        return None if value is None else value.decode("latin-1")

    # What the parser tells while it is fed.

    def on_message_begin(self) -> None:
        self._begun += 1

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        if name in _ONCE:
            if name in self._seen:
                self._is_unusual = True
            self._seen[name] = value
        elif name in _UNUSUAL and not (name == b"connection" and value.lower() == b"keep-alive"):
            self._is_unusual = True

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        self._is_complete = True
