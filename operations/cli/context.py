"""What every command knows, and how it says what went wrong."""

from collections.abc import Callable
from functools import wraps
from typing import NamedTuple, ParamSpec, TypeVar

import typer
from rich.console import Console

from operations.local.control import ControlError
from operations.local.endpoints import NotRunningError
from operations.local.folder import Folder
from operations.local.launch import UpFailedError

out = Console(soft_wrap=False)
err = Console(stderr=True)

P = ParamSpec("P")
R = TypeVar("R")

NOT_RUNNING = 3
"""Exit status where there is no stack, as init scripts have it."""


class Context(NamedTuple):
    """Of one call of the command line."""

    folder: Folder


def folder(context: typer.Context) -> Folder:
    """The data folder that the user chose."""
    found: Context = context.obj
    return found.folder


def fail(message: str, status: int = 1) -> typer.Exit:
    """What to raise after an error: says it on standard error and ends with the status."""
    err.print(message, style="red", markup=False, highlight=False)
    return typer.Exit(status)


def speaks(command: Callable[P, R]) -> Callable[P, R]:
    """Has the errors that a user can do something about end in a sentence instead of a traceback."""

    @wraps(command)
    def spoken(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except NotRunningError as error:
            raise fail(str(error), NOT_RUNNING) from error
        except (ControlError, UpFailedError, TimeoutError) as error:
            raise fail(str(error)) from error

    return spoken
