"""uvloop's streams, made to say of a lost connection what asyncio's clients expect: `OSError`.

A write to a transport that was lost a moment before raises `RuntimeError` in uvloop (MagicStack/uvloop#506).
Clients do not expect that. The task in which aiokafka keeps a cluster's metadata dies of it, and with it the
client: it waits for news for ever, although Kafka is back (aio-libs/aiokafka#1038).
"""

import asyncio
from collections.abc import Callable
from functools import wraps
from typing import Any


def raise_os_errors() -> None:
    """Changes `asyncio.StreamWriter`; for processes that run on uvloop, before they connect anywhere."""
    asyncio.StreamWriter.write = _told(asyncio.StreamWriter.write)  # type: ignore[method-assign]
    asyncio.StreamWriter.writelines = _told(asyncio.StreamWriter.writelines)  # type: ignore[method-assign]


def _told(write: Callable[..., None]) -> Callable[..., None]:
    @wraps(write)
    def told(self: asyncio.StreamWriter, data: Any) -> None:
        try:
            write(self, data)
        except RuntimeError as error:
            raise ConnectionResetError(str(error)) from error

    return told
