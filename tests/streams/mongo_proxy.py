"""A proxy of MongoDB's wire protocol in front of a real server: a write happens in part, or is not answered.

https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/ (OP_MSG).
"""

import asyncio
import struct
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from typing import Any

import bson

_HEADER = struct.Struct("<iiii")
_OP_MSG = 2013
Document = dict[str, Any]


@dataclass(frozen=True)
class Fault:
    """What becomes of one command.

    Of an insert's documents only the first `applied` reach the server (None: all), and only then the client
    gets `answer` instead of the server's, or loses its connection where that is None.
    """

    command: str
    answer: Mapping[str, Any] | None
    applied: int | None = None
    beside: bool = False
    """Whether `answer` is added to the server's own: a stepdown seen after the write."""


@dataclass
class MongoProxy:
    """Passes everything on, but for the commands that `faults` are waiting for, one after the other."""

    server_port: int
    port: int = 0
    faults: deque[Fault] = field(default_factory=deque)
    happened: int = 0

    async def connect(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        server, to_server = await asyncio.open_connection("127.0.0.1", self.server_port)
        with closing(to_client), closing(to_server), suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                message = await _message(client)
                command = _command(message)
                fault = self._next_fault(command)
                applied = _of_the_first(message, fault.applied) if fault else message
                if applied is None:
                    answer = None
                else:
                    to_server.write(applied)
                    answer = await _message(server)
                if fault:
                    if fault.answer is None:
                        return
                    own = _body(answer) if answer and fault.beside else {}
                    answer = _encoded({**own, **fault.answer}, answers=message)
                assert answer
                to_client.write(answer)
                await to_client.drain()

    def _next_fault(self, command: Mapping[str, Any]) -> Fault | None:
        if not self.faults or self.faults[0].command not in command:
            return None
        self.happened += 1
        return self.faults.popleft()


@asynccontextmanager
async def proxy_of(server_port: int) -> AsyncIterator[MongoProxy]:
    """A proxy on a free port."""
    proxy = MongoProxy(server_port)
    server = await asyncio.start_server(proxy.connect, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()


async def _message(reader: asyncio.StreamReader) -> bytes:
    header = await reader.readexactly(_HEADER.size)
    length = _HEADER.unpack(header)[0]
    return header + await reader.readexactly(length - _HEADER.size)


def _sections(message: bytes) -> tuple[Document, list[bytes]]:
    """The command, and the documents that come beside it as a sequence."""
    body: Document = {}
    sequence: list[bytes] = []
    at, end = _HEADER.size + 4, len(message)
    while at < end:
        kind = message[at]
        (length,) = struct.unpack_from("<i", message, at + 1)
        section = message[at + 1 : at + 1 + length]
        if kind == 0:
            body = bson.decode(section)
        else:
            documents = section[section.index(b"\0", 4) + 1 :]
            while documents:
                (size,) = struct.unpack_from("<i", documents)
                sequence.append(documents[:size])
                documents = documents[size:]
        at += 1 + length
    return body, sequence


def _command(message: bytes) -> Document:
    return _sections(message)[0] if _HEADER.unpack_from(message)[3] == _OP_MSG else {}


def _body(message: bytes) -> Document:
    return _sections(message)[0]


def _of_the_first(message: bytes, count: int | None) -> bytes | None:
    """The insert with its first documents only; nothing where none is left."""
    if count is None:
        return message
    if count == 0:
        return None
    body, sequence = _sections(message)
    if sequence:
        body["documents"] = [bson.decode(document) for document in sequence]
    body["documents"] = body["documents"][:count]
    return _encoded(body, request=_HEADER.unpack_from(message)[1])


def _encoded(body: Mapping[str, Any], *, request: int = 0, answers: bytes | None = None) -> bytes:
    encoded = bson.encode(body)
    to = _HEADER.unpack_from(answers)[1] if answers else 0
    return _HEADER.pack(_HEADER.size + 5 + len(encoded), request, to, _OP_MSG) + b"\0\0\0\0\0" + encoded
