"""Makes the first user on an empty volume, on loopback alone, then serves with authentication."""

import os
import subprocess
import sys
import time
from pathlib import Path

from pymongo import MongoClient
from pymongo.errors import PyMongoError

DATA = Path("/data/db/secantus")
MADE = Path("/data/db/.user-made")
START_SECONDS = 60


def command(host: str, *more: str) -> list[str]:
    """The server with mongod's habits: journalled, alone, with the cache that mongod's option names."""
    arguments = sys.argv[1:]
    cache = "256M"
    if "--wiredTigerCacheSizeGB" in arguments:
        gigabytes = float(arguments[arguments.index("--wiredTigerCacheSizeGB") + 1])
        cache = f"{int(gigabytes * 1024)}M"
    return [
        "secantusd-py", "--host", host, "--port", "27017", "--storage-path", str(DATA), "--cache-size", cache,
        "--sync-on-commit", "--standalone", "--log-level", "WARNING", *more,
    ]  # fmt: skip


def make_user(name: str, password: str) -> None:
    server = subprocess.Popen(command("127.0.0.1"))
    client: MongoClient[dict[str, object]] = MongoClient(serverSelectionTimeoutMS=1000)
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            client.admin.command("createUser", name, pwd=password, roles=[{"role": "root", "db": "admin"}])
            break
        except PyMongoError as error:
            if "already exists" in str(error):
                break
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
    client.close()
    server.terminate()
    server.wait(timeout=START_SECONDS)
    MADE.touch()


def main() -> None:
    name, password = (
        os.environ.get("MONGO_INITDB_ROOT_USERNAME"),
        os.environ.get("MONGO_INITDB_ROOT_PASSWORD"),
    )
    if not (name and password):
        os.execvp("secantusd-py", command("0.0.0.0"))  # noqa: S606
    if not MADE.exists():
        make_user(name, password)
    os.execvp("secantusd-py", command("0.0.0.0", "--auth"))  # noqa: S606


if __name__ == "__main__":
    main()
