"""The gateway's own connections to MongoDB: few, impatient, and for reading only."""

from datetime import UTC
from typing import Any

from bson.codec_options import CodecOptions
from pymongo import AsyncMongoClient
from pymongo.asynchronous.collection import AsyncCollection

from weather_tweets.settings import GatewaySettings, MongoSettings

HISTORY = "history"
"""The collection of the counts by hour and minute."""

# Quick to say that it is away: a person waits, and will ask again.
_SELECTION_MS = 1_000
# The driver's own look at the server has this time, too: a server that is busy is not away.
_CONNECT_MS = 5_000

Document = dict[str, Any]


class Database:
    """The collections that questions are about."""

    def __init__(self, mongo: MongoSettings, gateway: GatewaySettings) -> None:
        """Connects with the first question."""
        self.time_limit_ms = int(gateway.read_seconds * 1000)
        self._client: AsyncMongoClient[Document] = AsyncMongoClient(
            mongo.url.get_secret_value(),
            appname="weather-gateway",
            serverSelectionTimeoutMS=_SELECTION_MS,
            connectTimeoutMS=_CONNECT_MS,
            # A little longer than the server itself may take.
            socketTimeoutMS=self.time_limit_ms + 1_000,
            maxPoolSize=max(1, gateway.max_reads),
            # A question that failed is asked again by who needs it.
            retryReads=False,
        )
        options: CodecOptions[Document] = CodecOptions(tz_aware=True, tzinfo=UTC)
        database = self._client.get_database(mongo.database, codec_options=options)
        self.tweets: AsyncCollection[Document] = database[mongo.collection]
        self.history: AsyncCollection[Document] = database[HISTORY]

    async def close(self) -> None:
        await self._client.close()
