"""A worker that can start again in its own place: the same process, command and environment, all else anew.

For what a consumer takes note of only when it begins, as Faust does of the number of a topic's partitions.

A process that is asked to stop has to stop, whatever it does just then. While it drains for a new beginning,
being asked means that there is none. What comes later is held back, also beyond the beginning, until there is
somebody who stops in order: by default a signal would end the process at once, and for whoever sent it (a
supervisor, Kubernetes) that is a failure.

A process that has crashed has to end, too: until it does it keeps its partitions from whoever could go on.
"""

import logging
import os
import signal
import sys
import threading
from types import FrameType

import faust

_log = logging.getLogger(__name__)

STOP_SECONDS = 15.0
"""How long the process may take to drain; afterwards it begins anew as after a crash."""

CRASH_SECONDS = 60.0
"""How long the process may take to end after a crash, when any of its parts may wait for one that is gone."""

_STOPS = {signal.SIGTERM, signal.SIGINT}


class Worker(faust.Worker):
    """Faust's worker, which can begin anew."""

    _impatient: threading.Timer | None = None
    """While the process drains in order to begin anew."""
    _last_resort: threading.Timer | None = None
    """After a crash."""
    _asked_to_stop = False

    def install_signal_handlers(self) -> None:
        super().install_signal_handlers()
        for number in _STOPS:
            self._take_note_of(number)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)

    def _take_note_of(self, number: signal.Signals) -> None:
        # Faust runs its loop twice, and uvloop sees to a signal that arrives in between only when another one
        # comes. So the interpreter itself takes note of it.
        of_the_loop = signal.getsignal(number)

        def handle(number: int, frame: FrameType | None) -> None:
            self._asked_to_stop = True
            if callable(of_the_loop):
                of_the_loop(number, frame)

        signal.signal(number, handle)
        signal.siginterrupt(number, False)  # as the loop had it

    def begin_anew(self, reason: str) -> None:
        """Has the process drain as after SIGTERM, and then begin anew. Returns at once."""
        _log.warning("starting again: %s", reason)
        self._impatient = threading.Timer(STOP_SECONDS, self._begin_anew_unless_stopped)
        self._impatient.daemon = True
        # What one thread holds back is given to another that does not, and that one
        # ends with what it was given when the process begins anew.
        held_back = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
        self._impatient.start()
        signal.pthread_sigmask(signal.SIG_SETMASK, held_back)
        super()._on_sigterm()

    def _crash(self, reason: BaseException) -> None:
        super()._crash(reason)
        if self._last_resort is None:
            self._last_resort = threading.Timer(CRASH_SECONDS, _end)
            self._last_resort.daemon = True
            self._last_resort.start()

    def _on_sigterm(self) -> None:
        self._stay_stopped()
        super()._on_sigterm()

    def _on_sigint(self) -> None:
        self._stay_stopped()
        super()._on_sigint()

    def _stay_stopped(self) -> None:
        if self._impatient:
            _log.warning("not starting again: the process was asked to stop")
            self._impatient.cancel()
            self._impatient = None

    def _shutdown_loop(self) -> None:
        # The loop is not closed before the new beginning: its handlers of signals would go with it.
        if self._impatient:
            signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
            self._begin_anew_unless_stopped()
            self._stay_stopped()
        super()._shutdown_loop()

    def _begin_anew_unless_stopped(self) -> None:
        if not self._asked_to_stop:
            _begin_anew()


def _begin_anew() -> None:
    # Of a process that begins anew, the thread that has it do so is the first; what it holds back stays so.
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 (ourselves)


def _end() -> None:
    _log.critical("ended by force: %.0f s after its crash the process had not come to its end", CRASH_SECONDS)
    logging.shutdown()
    os._exit(1)
