"""The Redis data source's backend (redis-datasource 2.2), as far as the boards use it, on a real Redis."""

import re
from collections.abc import Sequence
from typing import Any

from redis import Redis

Frame = dict[str, Any]

# What Go's strconv.ParseFloat takes: unlike Python's float, no blanks and no underscores, but hexadecimal.
_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|inf(inity)?|nan)", re.IGNORECASE)
_HEXADECIMAL = re.compile(r"[+-]?0x([0-9a-f]+\.?[0-9a-f]*|\.[0-9a-f]+)p[+-]?\d+", re.IGNORECASE)


class RedisSource:
    """Answers a panel's query with the frames that the plugin would send to the browser."""

    def __init__(self, url: str) -> None:
        self._redis: Any = Redis.from_url(url, decode_responses=True)

    def frames(self, target: dict[str, Any], *, since_ms: int, until_ms: int) -> list[Frame]:
        """Raises `LookupError` for a query that the plugin does not know or would run otherwise."""
        if target["datasource"]["type"] != "redis-datasource" or target["type"] != "command":
            raise LookupError(f"no query of this data source: {target}")
        if target["query"] != "":
            raise LookupError("a query that is not empty is run instead of the command")
        key, command = target["keyName"], target["command"]
        if command == "hgetall":
            fields = [_field(name, [value]) for name, value in self._redis.hgetall(key).items()]
        elif command == "hget":
            # A missing field is no error but an empty text.
            fields = [_field(target["field"], [self._redis.hget(key, target["field"]) or ""])]
        elif command in ("xrange", "xrevrange"):
            start = target["start"] or f"{since_ms}-0"
            end = target["end"] or f"{until_ms}-0"
            count = target["count"] or None
            entries = (
                self._redis.xrange(key, start, end, count)
                if command == "xrange"
                else self._redis.xrevrange(key, end, start, count)
            )
            fields = _columns(entries)
        else:
            raise LookupError(f"the dashboards have used no {command} so far")
        return [{"refId": target["refId"], "name": command, "fields": fields}]

    def close(self) -> None:
        self._redis.close()


def _field(name: str, values: Sequence[str]) -> dict[str, Any]:
    """A column; the first value decides whether all are numbers, and then what is none counts as zero."""
    if _number(values[0]) is None:
        return {"name": name, "type": "string", "values": list(values)}
    return {"name": name, "type": "number", "values": [_number(value) or 0.0 for value in values]}


def _columns(entries: list[tuple[str, dict[str, str]]]) -> list[dict[str, Any]]:
    ids = [entry for entry, _ in entries]
    columns: list[dict[str, Any]] = [
        {"name": "$streamId", "type": "string", "values": ids},
        {"name": "$time", "type": "time", "values": [int(each.split("-")[0]) for each in ids]},
    ]
    for name in dict.fromkeys(name for _, fields in entries for name in fields):
        first = next(fields[name] for _, fields in entries if name in fields)
        missing = "" if _number(first) is None else "0"
        values = [fields.get(name, missing) for _, fields in entries]
        column = _field(name, [first, *values])
        columns.append({**column, "values": column["values"][1:]})
    return columns


def _number(value: str) -> float | None:
    if _DECIMAL.fullmatch(value):
        return float(value)
    if _HEXADECIMAL.fullmatch(value):
        return float.fromhex(value)
    return None
