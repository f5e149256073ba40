"""`python -m operations.local.proxy FILE SOCKET`: the links of FILE, told what to do by way of SOCKET."""

import asyncio
import signal
import sys
from pathlib import Path
from typing import Any

import msgspec

from operations.local import control
from operations.local.proxy.conditions import Conditions
from operations.local.proxy.link import Link


class Proxy:
    """All links of a stack."""

    def __init__(self, routes: dict[str, dict[int, int]]) -> None:
        self._links = {name: Link(each) for name, each in routes.items()}

    async def run(self, path: Path) -> None:
        """Until it is told by a signal to end."""
        loop = asyncio.get_running_loop()
        over = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, over.set)
        for link in self._links.values():
            await link.open()
        server = await control.serve_at(path, self._handle)
        await over.wait()
        server.close()
        for link in self._links.values():
            await link.close()

    async def _handle(self, request: dict[str, Any]) -> Any:
        match request:
            case {"command": "show"}:
                return {
                    name: {"connections": link.connections, "passed_bytes": link.passed_bytes}
                    for name, link in self._links.items()
                }
            case {"command": "become", "link": str(name), "conditions": dict(conditions)}:
                try:
                    return await self._link(name).become(msgspec.convert(conditions, Conditions))
                except msgspec.ValidationError as error:
                    raise control.ControlError(str(error)) from error
            case {"command": "reset", "link": str(name)}:
                return await self._link(name).reset()
        raise control.ControlError(f"unknown command: {request.get('command')}")

    def _link(self, name: str) -> Link:
        try:
            return self._links[name]
        except KeyError:
            raise control.ControlError(
                f"there is no link {name!r}; the links are {', '.join(self._links)}"
            ) from None


def main() -> None:
    routes = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=dict[str, dict[int, int]])
    path = Path(sys.argv[2])
    asyncio.run(Proxy(routes).run(path))
    path.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
