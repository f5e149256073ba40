"""Free TCP ports of 127.0.0.1, and those of one stack."""

import random
import socket

# Below Linux' ephemeral range (32768 and up): no outgoing connection takes such a port between its choice
# and the server's bind.
_RANGE = range(18_000, 32_000)

_random = random.SystemRandom()


def is_free(port: int) -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket() as probe:
        # As servers do: a port with connections in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port on which nothing listens now. Raises `OSError` if none can be found."""
    for _ in range(1000):
        port = _random.choice(_RANGE)
        if is_free(port):
            return port
    raise OSError("no free TCP port on 127.0.0.1")


class StackPorts:
    """The ports of one stack: the usual one where it is free, else another; the same at every start.

    Of two stacks that start at once only one gets a port: who chose it claims it until `close`.
    """

    def __init__(self, remembered: dict[str, int], *, usual: bool = True) -> None:
        """`remembered`: the ports of the last start. With `usual=False` every new port is a random one."""
        self._chosen: dict[str, int] = {}
        self._claims: list[socket.socket] = []
        self._remembered = remembered
        self._usual = usual

    def choose(self, name: str, usual: int) -> int:
        """The port of `name`, the same at every call; 0 as the usual one means any."""
        if name not in self._chosen:
            wanted = (self._remembered.get(name, 0), usual if self._usual else 0)
            self._chosen[name] = next(filter(self._claim, wanted), 0) or self._claim_any()
        return self._chosen[name]

    def chosen(self) -> dict[str, int]:
        """What to remember for the next start."""
        return {**self._remembered, **self._chosen}

    def close(self) -> None:
        """Gives the ports up."""
        for claim in self._claims:
            claim.close()

    def _claim(self, port: int) -> bool:
        if not port or not is_free(port):
            return False
        # A name in Linux' abstract namespace: bound once on the machine, and gone with its process.
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0weather-tweets-port-{port}")
        except OSError:
            claim.close()
            return False
        self._claims.append(claim)
        return True

    def _claim_any(self) -> int:
        while not self._claim(port := free_port()):
            pass
        return port
