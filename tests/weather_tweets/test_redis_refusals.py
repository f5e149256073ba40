"""Each refusal as a real redis-server gives it, and what is made of it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from redis import exceptions
from redis.asyncio import Redis

from tests import refusing_redis as refusing
from tests.refusing_redis import RefusingRedis
from weather_tweets import redis_refusals

_SCRIPT = "return redis.call('SET', KEYS[1], KEYS[2])"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RefusingRedis]:
    server = RefusingRedis(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.kill()


async def _refusal(url: str, *command: str) -> exceptions.RedisError:
    client: Any = Redis.from_url(url)
    async with client:
        with pytest.raises(exceptions.RedisError) as refusal:
            await client.execute_command(*(command or ("EVAL", _SCRIPT, "2", "a", "b")))
    return refusal.value


@pytest.mark.parametrize(
    ("state", "kind", "reason"),
    [
        (refusing.out_of_memory, exceptions.OutOfMemoryError, "its memory is full"),
        (refusing.read_only, exceptions.ReadOnlyError, "it is a replica"),
        (refusing.without_its_primary, exceptions.MasterDownError, "it is a replica that has lost"),
        (refusing.unable_to_save, exceptions.ResponseError, "it cannot save"),
        (refusing.without_replicas, exceptions.ResponseError, "it has fewer replicas"),
        (refusing.busy, exceptions.ResponseError, "somebody's script"),
        (refusing.loading, exceptions.BusyLoadingError, "it is still loading"),
        (refusing.in_a_cluster_that_is_down, exceptions.ClusterDownError, "its cluster is down"),
    ],
)
async def test_what_passes_by_itself_is_waited_for(
    server: RefusingRedis,
    state: Callable[[RefusingRedis], AbstractContextManager[None]],
    kind: type[exceptions.RedisError],
    reason: str,
) -> None:
    with state(server):
        refusal = await _refusal(server.url)
    assert isinstance(refusal, kind)
    assert redis_refusals.is_passing(refusal)
    assert redis_refusals.reason(refusal).startswith(reason)


async def test_keys_that_are_being_moved_are_waited_for(server: RefusingRedis) -> None:
    with refusing.moving_keys(server):
        refusal = await _refusal(server.url, "MGET", "{a}1", "{a}2")
    assert isinstance(refusal, exceptions.TryAgainError)
    assert redis_refusals.is_passing(refusal)


async def test_a_script_that_was_forgotten_is_loaded_again(server: RefusingRedis) -> None:
    async with Redis.from_url(server.url) as client:
        script = client.register_script(_SCRIPT)
        await script(["a", "b"])
        with refusing.without_scripts(server):
            refusal = await _refusal(server.url, "EVALSHA", script.sha, "0")
            assert isinstance(refusal, exceptions.NoScriptError)
            assert redis_refusals.is_passing(refusal)
            await script(["a", "b"])


@pytest.mark.parametrize(
    ("state", "password", "reason"),
    [
        (refusing.with_another_password, "", "it does not take the user and password"),
        (refusing.with_another_password, ":wrong@", "it does not take the user and password"),
        (refusing.without_the_right, "", "the user of WEATHER_REDIS_URL may not"),
        (refusing.in_a_cluster, "", "it is a Redis Cluster"),
    ],
)
async def test_what_waiting_does_not_help_is_hopeless_and_says_what_to_mend(
    server: RefusingRedis,
    state: Callable[[RefusingRedis], AbstractContextManager[None]],
    password: str,
    reason: str,
) -> None:
    with state(server):
        refusal = await _refusal(server.url.replace("://", f"://{password}"))
    assert not redis_refusals.is_passing(refusal)
    assert redis_refusals.reason(refusal).startswith(reason)


async def test_a_server_that_is_away_is_waited_for(server: RefusingRedis) -> None:
    server.kill()
    try:
        assert redis_refusals.is_passing(await _refusal(server.url))
    finally:
        server.start()


async def test_what_nobody_has_heard_of_is_not_waited_for_for_ever(server: RefusingRedis) -> None:
    assert not redis_refusals.is_passing(await _refusal(server.url, "WHATEVER"))
