"""A gateway that asks for keys."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from gateway.keys import key_file, token
from gateway.keys.key_file import Key
from tests.gateway.doors import Door, opened
from tests.gateway.producers import FakeProducer

KEY, OTHER = "wt_the-first-key", "wt_the-second-key"


def line(
    name: str, key: str, rate: float = 1_000_000, burst: int = 1_000_000, *, disabled: bool = False
) -> str:
    return key_file.line(Key(name, (token.digest(key.encode()),), rate, burst, disabled)) + "\n"


def bearer(key: str = KEY) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@asynccontextmanager
async def keyed(producer: FakeProducer, file: Path, *lines: str, **settings: Any) -> AsyncIterator[Door]:
    """Ready, with these lines in its file of keys."""
    file.write_text("".join(lines))  # noqa: ASYNC240 (nothing else runs yet)
    async with opened(producer_target=producer.target, keys_file=str(file), **settings) as door:
        await door.wait_until_ready()
        yield door
