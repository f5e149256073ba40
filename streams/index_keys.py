"""The indexes that MongoDB's collections are to have.

Each costs whatever is stored, so there is none without its reader:

- `(partition, offset)` of the tweets: what the history lacks is read by it, after a worker was killed;
- `(accepted_at, _id)`: the newest tweets, and the tweets of an hour;
- `(code, accepted_at, _id)`: the same of a country, which may have one tweet in a million. A kind of weather
  is in every thirtieth tweet or more: it is found among the newest, and an index with an entry for each kind
  of each tweet would cost the most of all;
- `(step, at)` of the history: the hours of a range.
"""

from collections.abc import Callable
from typing import Any

from pymongo import ASCENDING, DESCENDING, AsyncMongoClient

from streams import history_store
from weather_tweets.settings import MongoSettings

_Keys = list[tuple[str, int]]

_TWEETS: tuple[_Keys, ...] = (
    [("partition", ASCENDING), ("offset", ASCENDING)],
    [("accepted_at", DESCENDING), ("_id", DESCENDING)],
    [("code", ASCENDING), ("accepted_at", DESCENDING), ("_id", DESCENDING)],
)
_HISTORY: tuple[_Keys, ...] = ([("step", ASCENDING), ("at", ASCENDING)],)


async def make_indexes(settings: MongoSettings, begins: Callable[[str], None] = lambda _: None) -> None:
    """Makes those that are missing; `begins` is told of each. Raises `pymongo.errors.PyMongoError`."""
    async with AsyncMongoClient[dict[str, Any]](
        settings.url.get_secret_value(),
        appname="weather-indexes",
        serverSelectionTimeoutMS=3_000,
        # No limit to how long it takes to answer: millions of tweets take minutes.
        maxPoolSize=1,
    ) as client:
        database = client[settings.database]
        for collection, indexes in ((settings.collection, _TWEETS), (history_store.COLLECTION, _HISTORY)):
            for keys in indexes:
                begins(f"{collection} ({', '.join(field for field, _ in keys)})")
                await database[collection].create_index(keys)
