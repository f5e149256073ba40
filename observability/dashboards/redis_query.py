"""Queries of the Redis data source (plugin `redis-datasource` 2.2), for which the SDK has no builders."""

from typing import Any, Self

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery

from observability.dashboards.sources import REDIS


class RedisQuery(Dataquery, Builder["RedisQuery"]):
    """One command of the data source's own list; the field names are the plugin's query model."""

    def __init__(self, command: str, key: str, **arguments: Any) -> None:
        self._model = {
            "datasource": REDIS,
            "type": "command",
            "command": command,
            "keyName": key,
            # Anything but an empty text here would be run instead of the command.
            "query": "",
            **arguments,
        }

    def ref(self, ref_id: str) -> Self:
        """Names the query within its panel."""
        self._model["refId"] = ref_id
        return self

    def build(self) -> Self:
        """The query itself."""
        return self

    def to_json(self) -> dict[str, Any]:
        """The query as it stands in a dashboard."""
        return self._model


def hash_of(key: str) -> RedisQuery:
    """HGETALL: one row with a column per field, numbers where the values are numbers."""
    return RedisQuery("hgetall", key)


def field_of(key: str, field: str) -> RedisQuery:
    """HGET: one value in a column that is named like the field; an empty text where it is missing."""
    return RedisQuery("hget", key, field=field)


def entries_in_range(stream: str) -> RedisQuery:
    """XRANGE over the dashboard's time range: `$streamId`, `$time` and a column per field."""
    return RedisQuery("xrange", stream, start="", end="", count=0)


def last_entries(stream: str, count: int) -> RedisQuery:
    """XREVRANGE: the last entries whatever the time range, newest first."""
    # The plugin takes the arguments by their meaning, not in the command's order: start is the oldest.
    return RedisQuery("xrevrange", stream, start="-", end="+", count=count)
