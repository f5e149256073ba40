"""Free TCP ports of 127.0.0.1."""

import random
import socket

# Below Linux' ephemeral range (32768 and up): no outgoing connection takes such a port between its choice
# and the server's bind.
_RANGE = range(18_000, 32_000)

_random = random.SystemRandom()


def is_free(port: int) -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket() as probe:
        # As servers do: a port in TIME_WAIT is free.
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


def preferred_or_free(port: int) -> int:
    """The port itself if nothing listens on it, else another one."""
    return port if is_free(port) else free_port()
