"""The data folder of a stack: where each of its files is, and what is kept from one start to the next."""

import fcntl
import json
import os
import secrets
import shutil
import time
from pathlib import Path
from typing import IO, Any

import msgspec

DEFAULT = Path(".weather-tweets")
ALREADY_RUNNING = 3
"""Exit status of a supervisor whose folder has another one."""


class Folder:
    """One stack's files. Two stacks on one machine have two folders."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.endpoints = self.path / "endpoints.json"
        self.logs = self.path / "logs"
        self.lock = self.path / "supervisor.lock"
        self.socket = self.path / "supervisor.sock"
        self.links_socket = self.path / "links.sock"
        self._ports = self.path / "ports.json"
        self.layout = self.path / "kafka.json"
        self._token = self.path / "writer-token"

    def make(self) -> None:
        """Makes the folder, readable by its owner only."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.logs.mkdir(exist_ok=True)

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def try_to_lock(self, patience_seconds: float = 1.0) -> IO[bytes] | None:
        """The supervisor's lock, held while the file is open; None if another supervisor has it.

        Patient, because `is_locked` holds it for a moment, too.
        """
        file = self.lock.open("ab")
        deadline = time.monotonic() + patience_seconds
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    file.close()
                    return None
                time.sleep(0.02)
            else:
                return file

    def is_locked(self) -> bool:
        """Whether a supervisor runs this folder's stack."""
        if not self.lock.exists():
            return False
        held = self.try_to_lock(patience_seconds=0)
        if held is None:
            return True
        held.close()
        return False

    def ports(self) -> dict[str, int]:
        """The ports of the last start, by name of part."""
        try:
            return msgspec.json.decode(self._ports.read_bytes(), type=dict[str, int])
        except (FileNotFoundError, msgspec.DecodeError):
            return {}

    def keep_ports(self, ports: dict[str, int]) -> None:
        write_json(self._ports, ports)

    def writer_token(self) -> str:
        """The secret of this stack's gateway and writer, made at random when first asked for."""
        try:
            return self._token.read_text()
        except FileNotFoundError:
            token = secrets.token_urlsafe(32)
            with os.fdopen(os.open(self._token, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(token)
            return token

    def purge(self) -> None:
        """Removes the folder with all data, if it is there."""
        shutil.rmtree(self.path, ignore_errors=True)


def write_json(path: Path, content: Any) -> None:
    """Replaces the file in one step: a reader sees the old content or the new, never half of it.

    For its owner only: the URLs of stores may have passwords in them.
    """
    scratch = path.with_suffix(".new")
    scratch.touch(mode=0o600)
    scratch.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    scratch.replace(path)
