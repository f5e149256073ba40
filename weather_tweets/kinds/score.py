"""How well the kinds are recognised: precision and recall over texts whose kinds somebody wrote down.

The texts are lines of language, text and kinds, with tabs between them; kinds with commas, `-` for none.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from weather_tweets.kinds.recogniser import Recogniser
from weather_tweets.weather_kinds import KINDS


class Labelled(NamedTuple):
    """A text and the kinds it speaks of."""

    language: str
    text: str
    kinds: frozenset[str]


class Figures(NamedTuple):
    """What was found of what there is, over some texts. Of nothing, everything is right."""

    texts: int
    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0


class Mistake(NamedTuple):
    """A text of which the recogniser says something else."""

    labelled: Labelled
    found: frozenset[str]


def read_labelled(lines: Iterable[str]) -> Iterator[Labelled]:
    """The texts in the lines; raises ValueError with the number of a line that is not of three columns."""
    for number, line in enumerate(lines, 1):
        columns = line.rstrip("\r\n").split("\t")
        if columns == [""]:
            continue
        kinds = frozenset(columns[2].split(",")) - {"-"} if len(columns) == 3 else frozenset()
        if len(columns) != 3 or kinds - set(KINDS):
            raise ValueError(
                f"line {number}: wants language, text and kinds with tabs between them; "
                f"kinds are {', '.join(KINDS)}, or - for none"
            )
        yield Labelled(columns[0], columns[1], kinds)


def score(recogniser: Recogniser, texts: Iterable[Labelled]) -> tuple[dict[str, Figures], list[Mistake]]:
    """Figures by language, in the alphabet's order, and of `all`; and the texts that were not read right."""
    by_language: dict[str, Figures] = {}
    mistakes = []
    for labelled in texts:
        found = frozenset(recogniser.kinds(labelled.text))
        right = len(found & labelled.kinds)
        here = Figures(1, right, len(found) - right, len(labelled.kinds) - right)
        by_language[labelled.language] = _sum((by_language.get(labelled.language, Figures(0, 0, 0, 0)), here))
        if found != labelled.kinds:
            mistakes.append(Mistake(labelled, found))
    figures = {language: by_language[language] for language in sorted(by_language)}
    figures["all"] = _sum(by_language.values())
    return figures, mistakes


def _sum(figures: Iterable[Figures]) -> Figures:
    return Figures(*(sum(column) for column in zip(*figures, strict=True)))
