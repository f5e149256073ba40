"""Brings a stack up and down from the outside, by its supervisor or, when that has died, without it."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec

from operations.local import control, jars, kafka_layout, leftovers, logfiles
from operations.local.endpoints import Endpoints, NotRunningError
from operations.local.endpoints import read as read_endpoints
from operations.local.folder import ALREADY_RUNNING, Folder
from operations.local.keeper import PartStatus

UP_SECONDS = 180.0
"""How long a stack may take until every part is ready."""
DOWN_SECONDS = 60.0
"""How long the supervisor may take to drain; then everything is ended without it."""

_POLL_SECONDS = 0.1
# A part that ended so often before it answered even once will not.
_HOPELESS_RESTARTS = 4


class UpFailedError(RuntimeError):
    """The stack did not come up, for the reason in the message; what was started is ended."""


def status(folder: Folder) -> tuple[bool, list[PartStatus]]:
    """Whether the stack is ready, and its parts. Raises `NotRunningError`."""
    answer = control.call(folder, "status", timeout_seconds=10)
    return answer["ready"], msgspec.convert(answer["parts"], list[PartStatus])


def up(
    folder: Folder,
    workers: int = 1,
    on_progress: Callable[[list[PartStatus]], None] = lambda _: None,
    *,
    brokers: int | None = None,
    secure: bool | None = None,
    proxied: bool = False,
) -> Endpoints:
    """Starts the stack and returns when all of it is ready; where one runs already, it is used as it is.

    Kafka has as many brokers, and is as secure, as the folder's data, where that is not said. Raises
    `UpFailedError`, also where a proxy is asked for and the stack that runs has none.
    """
    if "WEATHER_KAFKA_BOOTSTRAP_SERVERS" not in os.environ:
        try:
            jars.class_path()
        except jars.JarsMissingError as error:
            raise UpFailedError(str(error)) from error
    folder.make()
    try:
        kafka_layout.choose(folder, brokers, secure)
    except kafka_layout.OtherLayoutError as error:
        raise UpFailedError(str(error)) from error
    process = None if folder.is_locked() else _start_supervisor(folder, workers, proxied=proxied)
    deadline = time.monotonic() + UP_SECONDS
    parts: list[PartStatus] = []
    try:
        while True:
            try:
                ready, parts = status(folder)
            except NotRunningError:
                ready = False
            if ready:
                found = read_endpoints(folder)
                if proxied and not found.links:
                    raise UpFailedError(
                        f"the stack in {folder.path} runs without a proxy between its parts: "
                        "`weather-tweets down`, and up again with `--proxied`"
                    )
                return found
            on_progress(parts)
            if process and process.poll() not in (None, ALREADY_RUNNING):
                raise UpFailedError(f"the supervisor ended:\n{_tail(folder, 'supervisor')}")
            hopeless = any(part.restarts >= _HOPELESS_RESTARTS for part in parts)
            if hopeless or time.monotonic() > deadline:
                raise UpFailedError(_what_is_missing(folder, parts))
            time.sleep(_POLL_SECONDS)
    except BaseException:
        if process:
            down(folder)
        raise
    finally:
        if process:
            # It outlives us on purpose: without a status, Popen warns of that.
            process.returncode = process.poll() or 0


def down(folder: Folder, *, purge: bool = False) -> bool:
    """Stops the stack, whatever state it is in; returns whether there was anything to stop.

    With `purge` its data is removed too.
    """
    deadline = time.monotonic() + DOWN_SECONDS
    found = folder.is_locked()
    while folder.is_locked() and time.monotonic() < deadline:
        # Not listening yet, or any more.
        with suppress(NotRunningError, control.ControlError, TimeoutError):
            control.call(folder, "down", timeout_seconds=5)
        time.sleep(_POLL_SECONDS)
    if leftovers.end(folder.path):
        found = True
    for file in (folder.endpoints, folder.socket):
        file.unlink(missing_ok=True)
    if purge:
        folder.purge()
    return found


def _start_supervisor(folder: Folder, workers: int, *, proxied: bool) -> "subprocess.Popen[bytes]":
    with folder.log("supervisor").open("ab") as log:
        return subprocess.Popen(
            [
                sys.executable,
                "-m",
                "operations.local.supervisor",
                str(folder.path),
                str(workers),
                *(["proxied"] if proxied else []),
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, leftovers.MARK: str(folder.path)},
            start_new_session=True,
        )


def _what_is_missing(folder: Folder, parts: list[PartStatus]) -> str:
    late = [part for part in parts if part.state != "ready"]
    if not late:
        return f"the stream workers did not take their partitions within {UP_SECONDS:g} s"
    return "\n".join(
        f"{part.name} is not ready ({part.last_end or part.state}):\n{_tail(folder, part.name)}"
        for part in late
    )


def _tail(folder: Folder, name: str) -> str:
    return "\n".join(f"  {line}" for line in logfiles.tail(folder.log(name), 15))


def describe(folder: Folder) -> dict[str, Any]:
    """Everything that `status --json` says. Raises `NotRunningError`."""
    ready, parts = status(folder)
    described: dict[str, Any] = {"ready": ready, "parts": msgspec.to_builtins(parts)}
    if ready:
        described["endpoints"] = msgspec.to_builtins(read_endpoints(folder))
    return described
