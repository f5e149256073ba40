"""MongoDB: the `mongod` on PATH, else SecantusDB, which speaks its protocol."""

import shutil
import sys
from pathlib import Path

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from operations.local.part import Part


class Mongo(Part):
    """A standalone server. What it has acknowledged survives a SIGKILL."""

    name = "mongo"

    @property
    def url(self) -> str:
        return self.url_at(self.port)

    def url_at(self, port: int) -> str:
        """The same for who comes by way of another port."""
        # journal: a plain acknowledgement of mongod's may be up to 100 ms ahead of its journal.
        return f"mongodb://127.0.0.1:{port}/?journal=true"

    def command(self) -> list[str]:
        mongod = shutil.which("mongod")
        if mongod:
            return [
                mongod,
                "--bind_ip", "127.0.0.1",
                "--port", str(self.port),
                "--dbpath", str(self.data_dir),
                "--nounixsocket",
                "--quiet",
            ]  # fmt: skip
        return [
            str(Path(sys.executable).with_name("secantusd-py")),
            "--host", "127.0.0.1",
            "--port", str(self.port),
            "--storage-path", str(self.data_dir / "secantus"),
            # Without it a SIGKILL loses acknowledged writes.
            "--sync-on-commit",
            "--standalone",
            "--cache-size", "256M",
            "--log-level", "WARNING",
        ]  # fmt: skip

    def answers(self) -> bool:
        try:
            with MongoClient[dict[str, object]](
                self.url, serverSelectionTimeoutMS=1000, connectTimeoutMS=1000, socketTimeoutMS=1000
            ) as client:
                client.admin.command("ping")
        except PyMongoError:
            return False
        return True
