"""Redis, the `redis-server` on PATH."""

import shutil
from typing import cast

from redis import Redis as Client
from redis.exceptions import RedisError

from operations.local.part import Part


class Redis(Part):
    """A server whose data survives a restart and a SIGKILL (append-only file)."""

    name = "redis"

    @property
    def url(self) -> str:
        return self.url_at(self.port)

    def url_at(self, port: int) -> str:
        """The same for who comes by way of another port."""
        return f"redis://127.0.0.1:{port}/0"

    def command(self) -> list[str]:
        return [
            shutil.which("redis-server") or "redis-server",
            "--bind", "127.0.0.1",
            "--port", str(self.port),
            "--dir", str(self.data_dir),
            "--appendonly", "yes",
            "--appendfsync", "everysec",
            "--save", "",
            "--daemonize", "no",
            # Redis' title would overwrite the environment by which a killed supervisor's parts are found.
            "--set-proc-title", "no",
        ]  # fmt: skip

    def answers(self) -> bool:
        try:
            with Client.from_url(self.url, socket_timeout=1, socket_connect_timeout=1) as client:
                return cast(bool, client.ping())
        except (RedisError, OSError):
            return False
