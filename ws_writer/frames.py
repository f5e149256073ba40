"""WebSocket frames that are made once and sent to every viewer."""

import zlib
from functools import cached_property

from websockets.asyncio.server import ServerConnection
from websockets.extensions.permessage_deflate import PerMessageDeflate, ServerPerMessageDeflateFactory
from websockets.frames import Frame, Opcode

_WINDOW_BITS = 15
# Level 3 costs half of the default's time for a tenth more bytes on these messages.
_COMPRESSION = {"level": 3, "memLevel": 8, "strategy": zlib.Z_DEFAULT_STRATEGY}

EXTENSION = ServerPerMessageDeflateFactory(
    # Each message is compressed by itself, and so is the same for all viewers.
    server_no_context_takeover=True,
    # What viewers send is ignored: no memory for how they compress it.
    client_no_context_takeover=True,
    compress_settings=_COMPRESSION,
)
"""The compression that the server offers."""


class SharedFrame:
    """One text message as bytes for the wire; either form is made when the first viewer needs it."""

    def __init__(self, message: bytes) -> None:
        self._frame = Frame(Opcode.TEXT, message)

    def for_viewer(self, viewer: ServerConnection) -> bytes:
        """The bytes to write to this viewer's transport: compressed, if that is how it reads."""
        for extension in viewer.protocol.extensions:
            # A viewer with a smaller window could not read it; a plain frame is always allowed.
            if isinstance(extension, PerMessageDeflate) and extension.local_max_window_bits == _WINDOW_BITS:
                return self._compressed
        return self._plain

    @cached_property
    def _plain(self) -> bytes:
        return self._frame.serialize(mask=False)

    @cached_property
    def _compressed(self) -> bytes:
        deflate = PerMessageDeflate(True, True, _WINDOW_BITS, _WINDOW_BITS, dict(_COMPRESSION))
        return self._frame.serialize(mask=False, extensions=[deflate])
