"""Dead letters by reason."""

from collections.abc import Iterable

import msgspec

from operations.dead.letters import Letter

EXAMPLES = 3


class Bar(msgspec.Struct):
    """Letters of one kind of reason; times are of the first and the last, in milliseconds since the epoch."""

    reason: str
    letters: int
    first: int
    last: int
    examples: list[Letter]
    """The first few."""


def histogram(letters: Iterable[Letter]) -> list[Bar]:
    """The most frequent reason first."""
    bars: dict[str, Bar] = {}
    for letter in letters:
        bar = bars.get(letter.kind)
        if bar is None:
            bar = bars[letter.kind] = Bar(letter.kind, 0, letter.timestamp, letter.timestamp, [])
        bar.letters += 1
        bar.first, bar.last = min(bar.first, letter.timestamp), max(bar.last, letter.timestamp)
        if len(bar.examples) < EXAMPLES:
            bar.examples.append(letter)
    return sorted(bars.values(), key=lambda bar: -bar.letters)
