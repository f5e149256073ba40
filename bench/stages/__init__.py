"""The stages: each a module with `run(bench) -> Result`."""

from importlib import import_module
from typing import TYPE_CHECKING

from bench.rows import Result

if TYPE_CHECKING:  # the names are also wanted where there is no stack to run
    from bench.bench import Bench

NAMES = ("door", "streams", "whole", "growth", "kafka")


def run(name: str, bench: "Bench") -> Result:
    """Runs one stage.

    Raises `StageFailedError`, and where its parts or loads fail `PartFailedError`, `NotProcessedError`,
    `RefusedTweetsError`, `SwarmFailedError`.
    """
    result: Result = import_module(f"{__name__}.{name}").run(bench)
    return result
