"""What a stage is given: where it may work, how thorough it is to be, and whom it tells how far it is."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from bench.parts import Parts, parts


@dataclass(frozen=True)
class Bench:
    """One run of the benchmark."""

    folder: Path
    """Scratch of our own, emptied again by whoever uses it."""
    quick: bool
    """Less of everything: to see that it works, and roughly where it stands."""
    step: Callable[[str], None] = lambda _: None
    """Told what begins."""
    say: Callable[[str], None] = lambda _: None
    """Told what whoever reads the result should know."""
    profiles: Path | None = None
    """Where flame graphs of our services are drawn; what is measured under the profiler says nothing."""

    @property
    def repeats(self) -> int:
        """How often each thing is measured."""
        return 2 if self.quick else 3

    def parts(self, **settings: str) -> AbstractContextManager[Parts]:
        """Parts of a stack with these settings (environment variables), none started yet."""
        return parts(self.folder / "stack", settings, self.profiles)
