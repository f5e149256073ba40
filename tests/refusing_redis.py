"""A real redis-server that is brought to refuse, in each of the ways that there are, and to stop it."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from redis import Redis as Client
from redis.exceptions import BusyLoadingError, ConnectionError, RedisError  # noqa: A004

from operations.local.ports import free_port
from operations.local.redis import Redis

_PATIENCE_SECONDS = 120
_MANY_KEYS = 50_000
_PRIMARY_THAT_IS_AWAY = ("127.0.0.1", "1")


class RefusingRedis(Redis):
    """A server that may be told everything by clients, with some options more."""

    def __init__(self, folder: Path, *options: str) -> None:
        super().__init__(folder)
        self.options: tuple[str, ...] = options

    def command(self) -> list[str]:
        return [*super().command(), "--enable-protected-configs", "yes", *self.options]

    def client(self, **options: Any) -> "Client":
        return Client.from_url(self.url, decode_responses=True, **options)

    def set(self, name: str, value: str) -> None:
        with self.client() as client:
            client.config_set(name, value)

    def do(self, *command: str) -> Any:
        with self.client() as client:
            return client.execute_command(*command)


@contextmanager
def out_of_memory(server: RefusingRedis) -> Iterator[None]:
    server.set("maxmemory", "1mb")
    server.set("maxmemory", "1")
    yield
    server.set("maxmemory", "0")


@contextmanager
def read_only(server: RefusingRedis) -> Iterator[None]:
    server.do("REPLICAOF", *_PRIMARY_THAT_IS_AWAY)
    yield
    server.do("REPLICAOF", "NO", "ONE")


@contextmanager
def without_its_primary(server: RefusingRedis) -> Iterator[None]:
    server.set("replica-serve-stale-data", "no")
    with read_only(server):
        yield


@contextmanager
def unable_to_save(server: RefusingRedis) -> Iterator[None]:
    in_the_way = server.data_dir / "dump.rdb"
    in_the_way.unlink(missing_ok=True)
    in_the_way.mkdir()
    server.set("save", "3600 1000000")
    with server.client() as client:
        client.bgsave()
        while client.info("persistence")["rdb_last_bgsave_status"] != "err":
            pass
    yield
    in_the_way.rmdir()
    with server.client() as client:
        client.bgsave()
        while client.info("persistence")["rdb_last_bgsave_status"] != "ok":
            pass
    server.set("save", "")


@contextmanager
def without_replicas(server: RefusingRedis) -> Iterator[None]:
    server.set("min-replicas-to-write", "1")
    yield
    server.set("min-replicas-to-write", "0")


@contextmanager
def busy(server: RefusingRedis) -> Iterator[None]:
    """Somebody's script runs on and on."""
    server.set("busy-reply-threshold", "1")
    script = subprocess.Popen(
        ["redis-cli", "-p", str(server.port), "EVAL", "while true do end", "0"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _until(server, lambda client: client.ping(), refused=True)
    yield
    server.do("SCRIPT", "KILL")
    script.wait(_PATIENCE_SECONDS)


@contextmanager
def loading(server: RefusingRedis) -> Iterator[None]:
    """It was started again and has much to load.

    While it loads, it looks at its clients after every 1,024 keys: a fifth of a second, ten seconds in all.
    """
    with server.client() as client, client.pipeline(transaction=False) as pipeline:
        for number in range(_MANY_KEYS):
            pipeline.set(f"other:{number}", "")
        pipeline.execute()
    server.kill()
    options = server.options
    server.options = (*options, "--key-load-delay", "200")
    server.spawn()
    _until(server, lambda client: client.ping(), refused=True)
    yield
    server.set("key-load-delay", "0")
    server.options = options
    server.wait_ready(_PATIENCE_SECONDS)
    with server.client() as client:
        client.delete(*(f"other:{number}" for number in range(_MANY_KEYS)))


@contextmanager
def without_scripts(server: RefusingRedis) -> Iterator[None]:
    server.do("SCRIPT", "FLUSH")
    yield


@contextmanager
def with_another_password(server: RefusingRedis) -> Iterator[None]:
    """And those who are connected have to show it, too."""
    with server.client() as client:
        client.config_set("requirepass", "another")
        with suppress(RedisError):
            client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    yield
    with server.client(password="another") as client:
        client.config_set("requirepass", "")


@contextmanager
def without_the_right(server: RefusingRedis) -> Iterator[None]:
    server.do("ACL", "SETUSER", "default", "-evalsha", "-eval", "-set")
    yield
    server.do("ACL", "SETUSER", "default", "+@all")


@contextmanager
def in_a_cluster_that_is_down(server: RefusingRedis) -> Iterator[None]:
    """Nobody has any of the slots."""
    _again(server, "--cluster-enabled", "yes", "--cluster-port", str(free_port()), "--appendonly", "no")
    yield
    _again(server)


@contextmanager
def in_a_cluster(server: RefusingRedis) -> Iterator[None]:
    with in_a_cluster_that_is_down(server):
        server.do("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
        _until(server, lambda client: client.set("a", ""))
        yield


@contextmanager
def moving_keys(server: RefusingRedis) -> Iterator[None]:
    """Of two keys that belong together one has been moved to another server, the other not yet."""
    with in_a_cluster(server):
        server.do("SET", "{a}1", "")
        slot = server.do("CLUSTER", "KEYSLOT", "{a}1")
        port = str(free_port())
        other = RefusingRedis(server.data_dir / "other", "--cluster-enabled", "yes", "--cluster-port", port)
        other.start()
        try:
            server.do("CLUSTER", "MEET", "127.0.0.1", str(other.port), port)
            name = other.do("CLUSTER", "MYID")
            _until(
                server, lambda client: client.execute_command("CLUSTER", "SETSLOT", slot, "MIGRATING", name)
            )
            yield
        finally:
            other.kill()


def _again(server: RefusingRedis, *options: str) -> None:
    server.kill()
    for file in server.data_dir.glob("nodes.conf"):
        file.unlink()
    server.options = options
    server.start()


def _until(server: RefusingRedis, condition: Callable[[Any], object], *, refused: bool = False) -> None:
    """Until the server does it, or until it refuses to."""
    while True:
        with server.client(socket_timeout=2) as client:
            try:
                if condition(client) and not refused:
                    return
            except RedisError as error:
                # Not that of somebody who cannot be asked yet.
                if refused and (
                    not isinstance(error, ConnectionError) or isinstance(error, BusyLoadingError)
                ):
                    return
