"""The proxy between the parts as a part of the stack, and what it can be told."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from operations.local import control
from operations.local.endpoints import NotRunningError
from operations.local.folder import Folder, write_json
from operations.local.part import Part
from operations.local.proxy.conditions import Conditions

LINKS = (
    "client-gateway",
    "gateway-producer",
    "gateway-writer",
    "producer-kafka",
    "worker-kafka",
    "worker-mongo",
    "worker-redis",
    "writer-redis",
)
"""Who speaks to whom, by name."""


class Links(Part):
    """Every connection between two parts leads through it."""

    name = "links"

    def __init__(
        self, data_dir: Path, routes: Mapping[str, Mapping[int, int]], *, folder: Folder, log_file: Path
    ) -> None:
        """`routes`: by the link's name, the ports that are listened on and where each leads."""
        # It has a port for each route, and none of its own.
        super().__init__(data_dir, port=0, log_file=log_file)
        self._routes = routes
        self._folder = folder

    def command(self) -> list[str]:
        return [
            sys.executable,
            "-m",
            "operations.local.proxy",
            str(self._routes_file),
            str(self._folder.links_socket),
        ]

    def prepare(self) -> None:
        write_json(self._routes_file, self._routes)

    def answers(self) -> bool:
        try:
            show(self._folder)
        except (NotRunningError, control.ControlError, TimeoutError):
            return False
        return True

    @property
    def _routes_file(self) -> Path:
        return self.data_dir / "routes.json"


def show(folder: Folder) -> dict[str, dict[str, int]]:
    """By link how many clients are connected, and how many bytes have passed."""
    answer: dict[str, dict[str, int]] = _ask(folder, "show")
    return answer


def become(folder: Folder, link: str, conditions: Conditions) -> None:
    """Gives a link these conditions, whatever it had before. Raises `ControlError`, `NotRunningError`."""
    _ask(folder, "become", link=link, conditions=msgspec.to_builtins(conditions))


def reset(folder: Folder, link: str) -> None:
    """Breaks all connections of a link off. Raises `ControlError`, `NotRunningError`."""
    _ask(folder, "reset", link=link)


def _ask(folder: Folder, command: str, **arguments: Any) -> Any:
    return control.ask(folder.links_socket, command, timeout_seconds=10, **arguments)
