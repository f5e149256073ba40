"""How many files, and so connections, a server may have open."""

import resource


def allow_many() -> None:
    """Raises this process' limit as far as the system lets it; many systems start a process with 1,024.

    Beyond the limit the event loop accepts a connection only to close it: the client gets no answer.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
