"""What plots say, in English unless another language is given, and how they write numbers."""

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """What a plot says beside the rows' own names, and how it writes names and numbers."""

    rate: str = "tweets/s"
    cpu: str = "CPU-µs per tweet"
    latency: str = "p50 to p99, ms"
    sent: str = "sent/s"
    accepted: str = "accepted/s"
    processed: str = "processed/s"
    answer_p99: str = "p99 to the answer, ms"
    processed_p99: str = "p99 to the count, ms"
    second: str = "second"
    figures: str = "how many times better than the goal"
    greys: str = "The numbers leave out what is grey."
    band: str = "CPU-µs per tweet; the bands are ±20 % of the first"
    name: Callable[[str], str] = str
    number: Callable[[float], str] = lambda value: f"{value:,.{_digits(value)}f}"


ENGLISH = Words()


def tick(value: float, words: Words) -> str:
    """A number at an axis: without zeros after the decimal point."""
    return re.sub(r"[.,]0+$", "", words.number(value)) if value < 1000 else words.number(value)


def _digits(value: float) -> int:
    return 0 if value == int(value) or abs(value) >= 100 else 1 if abs(value) >= 1 else 2
