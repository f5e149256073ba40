"""How much of what people write is understood, and what it costs, by `tests/weather_tweets/places/sets`.

`make places` prints the table; `python -m gazetteer.sets --json FILE` writes the figures for the manual.
"""

import argparse
import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

from weather_tweets import places
from weather_tweets.countries import UNKNOWN

FOLDER = Path(__file__).parents[1] / "tests" / "weather_tweets" / "places" / "sets"
NOBODY_CAN_SAY = "-"
_ROUNDS = 5
_SEED = 1


class Score(NamedTuple):
    """Of a set: how many texts, how many understood rightly, how many as another country than was meant."""

    name: str
    texts: int
    right: int
    wrong: int

    @property
    def right_percent(self) -> float:
        return 100 * self.right / self.texts

    @property
    def wrong_percent(self) -> float:
        return 100 * self.wrong / self.texts


def cases(file: Path) -> Iterator[tuple[str, str]]:
    """The texts of a set, each with its country's code or `NOBODY_CAN_SAY`."""
    for line in file.read_text("utf-8").splitlines():
        if line and not line.startswith("# "):
            text, _, code = line.rpartition("\t")
            yield text, code


def look_up_of(file: Path) -> Callable[[str], places.Answer]:
    """What a set is for: profiles or names."""
    return places.look_up_profile if file.stem.startswith("profiles") else places.look_up


def mistakes(file: Path) -> Iterator[tuple[str, str, str]]:
    """Text, code meant, code found, where they differ."""
    look_up = look_up_of(file)
    for text, meant in cases(file):
        found = look_up(text).country.code
        found = NOBODY_CAN_SAY if found == UNKNOWN.code else found
        if found != meant:
            yield text, meant, found


def score(file: Path) -> Score:
    """How a set fares."""
    missed = list(mistakes(file))
    texts = sum(1 for _ in cases(file))
    wrong = sum(found != NOBODY_CAN_SAY for _, _, found in missed)
    return Score(file.stem, texts, texts - len(missed), wrong)


def total(name: str, scores: list[Score]) -> Score:
    """Several sets as one."""
    return Score(name, *(sum(column) for column in zip(*(score[1:] for score in scores), strict=True)))


def hard() -> list[str]:
    """Texts that take long: all scripts, marks and separators, as long as is looked at."""
    chance = random.Random(_SEED)  # noqa: S311 — the same texts each time
    scripts = (
        "abcdefgh",
        "абвгдежз",
        "αβγδεζηθ",
        "ابتثجحخد",
        "कखगघचछजझ",
        "กขคงจฉชซ",
        "가나다라마바사아",
        "中日本京東西南北",
        "あいうえおかきく",
    )
    texts = [
        separator.join("".join(chance.choices(script, k=length)) for _ in range(80 // (length + 1)))
        for script in scripts
        for length in (1, 4, 8, 20)
        for separator in (" ", ", ", "-")
    ]
    return [
        *texts,
        "\ufdfa" * 80,
        "a\u0301" * 40,
        "san " * 20,
        "A.B " * 20,
        "🇺🇸🇲🇽" * 20,
        "กรุงเทพมหานคร" * 6,
        "中" * 80,
    ]


def cost() -> dict[str, float]:
    """What a text costs in microseconds of CPU time, and the table each process in seconds and MiB."""
    new = [
        min(_seconds(look_up, text) for _ in range(_ROUNDS)) * 1e6
        for look_up in (places.look_up, places.look_up_profile)
        for text in [*hard(), *(text for file in sorted(FOLDER.glob("*.tsv")) for text, _ in cases(file))]
    ]
    places.resolve("Guatemala")
    known = min(_seconds(places.resolve, "Guatemala", 10_000) for _ in range(_ROUNDS)) * 1e6
    loading = (
        "import time, psutil; p = psutil.Process(); a = p.memory_info().rss; t = time.process_time();"
        "from weather_tweets import places; places.resolve('Guatemala');"
        "print(time.process_time() - t, (p.memory_info().rss - a) / 2**20)"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", loading], check=True, capture_output=True, text=True
        ).stdout.split()
        for _ in range(_ROUNDS)
    ]
    return {
        "known_us": round(known, 2),
        "new_us": round(median(new), 1),
        "new_most_us": round(max(new), 1),
        "start_seconds": round(min(float(run[0]) for run in runs), 3),
        "memory_mib": round(median(float(run[1]) for run in runs), 1),
    }


def _seconds(call: Callable[[str], object], text: str, times: int = 20) -> float:
    begin = time.process_time()
    for _ in range(times):
        call(text)
    return (time.process_time() - begin) / times


def main() -> None:
    """Prints the table; with `--json FILE` writes the figures there, too."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--mistakes", action="store_true", help="Show what is not understood.")
    arguments = parser.parse_args()
    files = sorted(FOLDER.glob("*.tsv"))
    scores = [score(file) for file in files]
    names = total("names", [one for one in scores if not one.name.startswith("profiles")])
    profiles = total("profiles", [one for one in scores if one.name.startswith("profiles")])
    costs = cost()
    lines = ["| Set | Texts | Right | Wrong |", "|:--|--:|--:|--:|"]
    lines += [
        f"| {one.name} | {one.texts:,} | {one.right_percent:.1f} % | {one.wrong_percent:.1f} % |"
        for one in (*scores, names, profiles)
    ]
    if arguments.mistakes:
        lines += [
            f"{text!r}: {meant}, not {found}" for file in files for text, meant, found in mistakes(file)
        ]
    lines += [f"{name}: {value}" for name, value in costs.items()]
    sys.stdout.write("\n".join(lines) + "\n")
    if arguments.json:
        figures = {
            one.name: {
                "texts": one.texts,
                "right_percent": round(one.right_percent, 1),
                "wrong_percent": round(one.wrong_percent, 1),
            }
            for one in (*scores, names, profiles)
        }
        arguments.json.write_text(json.dumps(figures | {"cost": costs}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
