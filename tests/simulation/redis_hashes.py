"""Redis as far as our script uses it: hashes, and scripts run by a real Lua 5.1, whole or not at all."""

import json
from collections.abc import Awaitable, Callable, Sequence
from functools import cache, lru_cache
from typing import Any

import redis
from lupa.lua51 import LuaRuntime

from tests.simulation.network import Host, Network

Argument = str | bytes | int | float


class Hashes:
    """The keys, and the commands that a script may give."""

    def __init__(self, clock: Callable[[], float], guarded_seconds: float) -> None:
        """`clock` tells the seconds; so long a hash is guarded against writers that are behind it."""
        self.keys: dict[str, dict[str, str] | str] = {}
        self._clock = clock
        self._guarded_seconds = guarded_seconds
        self.set_back: list[str] = []
        """What a writer that is behind has done to a partition's hash, which none may."""

    def eval(self, script: str, keys: Sequence[str], arguments: Sequence[Argument]) -> None:
        """Runs a script; an error ends it where it is, as Redis does."""
        run, lua = _compiled(script)
        before = {key: _standing(self.keys.get(key)) for key in keys}
        run(
            lua.table_from(keys),
            lua.table_from([_text(argument) for argument in arguments]),
            lua.table(
                call=lambda *command: self._call(lua, *command),
                pcall=lambda *command: self._pcall(lua, *command),
            ),
        )

        for key, (position, at) in before.items():
            after, _ = _standing(self.keys.get(key))
            if self._clock() - at < self._guarded_seconds and after < position:
                self.set_back.append(f"{key} from {position} to {after}")

    def _call(self, lua: LuaRuntime, command: str, *arguments: Argument) -> Any:
        answer = getattr(self, f"_{command.lower()}")(*map(_text, arguments))
        if isinstance(answer, list | dict):
            return lua.table_from(answer)
        return answer

    def _pcall(self, lua: LuaRuntime, command: str, *arguments: Argument) -> Any:
        try:
            return self._call(lua, command, *arguments)
        except redis.ResponseError as error:
            return lua.table_from({"err": str(error)})

    def _time(self) -> list[str]:
        seconds, part = divmod(self._clock(), 1)
        return [str(int(seconds)), str(int(part * 1_000_000))]

    def _type(self, key: str) -> dict[str, str]:
        found = self.keys.get(key)
        return {"ok": "none" if found is None else "string" if isinstance(found, str) else "hash"}

    def _exists(self, key: str) -> int:
        return int(key in self.keys)

    def _del(self, key: str) -> int:
        return int(self.keys.pop(key, None) is not None)

    def _hash(self, key: str) -> dict[str, str]:
        found = self.keys.get(key, {})
        if isinstance(found, str):
            raise redis.ResponseError("WRONGTYPE Operation against a key holding the wrong kind of value")
        return found

    def _hget(self, key: str, field: str) -> str | bool:
        return self._hash(key).get(field, False)

    def _hmget(self, key: str, *fields: str) -> list[str | bool]:
        stored = self._hash(key)
        return [stored.get(field, False) for field in fields]

    def _hgetall(self, key: str) -> list[str]:
        return [part for pair in self._hash(key).items() for part in pair]

    def _hset(self, key: str, *pairs: str) -> int:
        fields = self._hash(key)
        fields.update(zip(pairs[::2], pairs[1::2], strict=True))
        self.keys[key] = fields
        return len(pairs) // 2

    def _hincrby(self, key: str, field: str, by: str) -> int:
        try:
            value = int(self._hash(key).get(field, 0)) + int(by)
        except ValueError:
            raise redis.ResponseError("ERR hash value is not an integer") from None
        self._hset(key, field, str(value))
        return value

    def _hdel(self, key: str, field: str) -> int:
        fields = self._hash(key)
        gone = fields.pop(field, None) is not None
        if not fields:
            self.keys.pop(key, None)
        return int(gone)


def _standing(found: dict[str, str] | str | None) -> tuple[tuple[int, int], float]:
    """Position of a partition's hash, and when it was written; long ago for anything else."""
    try:
        assert isinstance(found, dict)
        epoch, offset, at = found["position"].split()
        return (int(epoch), int(offset)), float(at)
    except (AssertionError, KeyError, ValueError):
        return (0, 0), float("-inf")


@cache
def _compiled(script: str) -> tuple[Callable[..., Any], LuaRuntime]:
    lua = LuaRuntime(unpack_returned_tuples=False, register_eval=False, register_builtins=False)
    # The codes of all countries come again and again; what is decoded is only read.
    lua.globals().cjson = lua.table(
        decode=lru_cache(maxsize=8)(lambda text: lua.table_from(json.loads(text), recursive=True))
    )
    return lua.eval(f"function(KEYS, ARGV, redis)\n{script}\nend"), lua


def _text(argument: Argument) -> str:
    match argument:
        case bytes():
            return argument.decode()
        case float():
            # As Redis does with Lua's numbers, which are all floats.
            return str(int(argument)) if argument.is_integer() else repr(argument)
        case _:
            return str(argument)


class Client:
    """What of redis-py's client the counters use, as one worker sees it."""

    def __init__(self, hashes: Hashes, network: Network, host: Host) -> None:
        self._hashes = hashes
        self._network = network
        self._host = host

    def register_script(self, script: str) -> Callable[..., Awaitable[None]]:
        async def run(keys: Sequence[str], arguments: Sequence[Argument]) -> None:
            await self._network.request(
                self._host, "redis", lambda: self._hashes.eval(script, keys, arguments), redis.ConnectionError
            )

        return run
