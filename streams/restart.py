"""Starts the process again in its own place: the same process, command and environment, all else anew.

For what a consumer takes note of only when it begins, as Faust does of the number of a topic's partitions.
"""

import atexit
import logging
import os
import signal
import sys
import threading

_log = logging.getLogger(__name__)

STOP_SECONDS = 15.0
"""How long the process may take to drain; afterwards it begins anew as after a crash."""


def restart(reason: str) -> None:
    """Has the process drain as after SIGTERM, and then begin anew. Returns at once."""
    _log.warning("starting again: %s", reason)
    atexit.register(_begin_anew)
    impatient = threading.Timer(STOP_SECONDS, _begin_anew)
    impatient.daemon = True
    impatient.start()
    signal.raise_signal(signal.SIGTERM)


def _begin_anew() -> None:
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 (ourselves)
