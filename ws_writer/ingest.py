"""`/ingest`: frames of accepted tweets from the gateway."""

import logging
from collections.abc import Callable

import msgspec
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from weather_tweets.tweet import Tweet, decode_many

logger = logging.getLogger(__name__)


async def ingest(feed: ServerConnection, take: Callable[[list[Tweet]], None]) -> None:
    """Hands on every batch that arrives until the feed ends.

    A frame that is not a JSON array of tweets as text closes it with 1007 (an oversized one was closed with
    1009 before it came here); what arrived before counts.
    """
    try:
        async for frame in feed:
            if not isinstance(frame, str):
                await _refuse(feed, "a text frame is expected, not a binary one")
                return
            try:
                tweets = decode_many(frame)
            except msgspec.MsgspecError as error:
                await _refuse(feed, f"a JSON array of tweets is expected: {error}")
                return
            if tweets:
                take(tweets)
    except ConnectionClosed as closed:
        logger.info("feed %s lost: %s", feed.id, closed)


async def _refuse(feed: ServerConnection, reason: str) -> None:
    logger.warning("feed %s refused: %s", feed.id, reason)
    # A close frame has room for 123 bytes.
    await feed.close(CloseCode.INVALID_DATA, reason.encode()[:120].decode(errors="ignore"))
