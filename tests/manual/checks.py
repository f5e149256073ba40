"""Compares a quote with the program; each check yields a sentence for what is not there."""

import re
import shlex
from collections.abc import Iterator

from tests.manual.program import REPOSITORY, Program
from tests.manual.text import Quote

_SETTING = re.compile(r"\bWEATHER_[A-Z][A-Z_]*[A-Z]\b")
_METRIC = re.compile(r"\bweather_(?:gateway|producer|streams|writer)_[a-z_]+\b")
_LOCAL_URL = re.compile(r"http://127\.0\.0\.1:8000(/[\w./{}-]*)?")
_ROUTE = re.compile(r"(?:GET |POST )?(/[a-z][\w.-]*(?:/<[^>]+>)?)")
_PATH = re.compile(r"(?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:md|py|toml|proto|lua|yaml|sh)")
_FOLDERS = {path.name for path in REPOSITORY.iterdir() if path.is_dir() and not path.name.startswith(".")}
_ALONE = re.compile(r"(--[a-z][\w-]*)(?:[ =].*)?")
_OURS = ("weather-tweets", "make", "python", "locust")
# Folders of the system, not routes of ours.
_FOREIGN_PATHS = {"/tmp"}
# Options of others' tools that the manuals name alone.
_FOREIGN_OPTIONS = {"--sync-on-commit"}


def problems(quote: Quote, program: Program) -> Iterator[str]:
    """Everything in the quote that the program does not have."""
    for check in (_commands, _settings, _metrics, _routes, _keys, _alerts, _paths):
        for problem in check(quote, program):
            yield f"{quote.where}: {problem}"


def _commands(quote: Quote, program: Program) -> Iterator[str]:
    line = quote.text
    if quote.kind == "console":
        if not line.startswith("$ "):
            return
        line = line[2:]
    elif quote.kind == "inline":
        if alone := _ALONE.fullmatch(line):
            yield from _option_of_any(alone[1], program)
            return
    elif quote.kind not in ("sh", "text"):
        return
    words = _words(line)
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        words = words[1:]
    name = words[0].removeprefix(".venv/bin/") if words else ""
    if name not in _OURS:
        return
    words = words[1:]
    if name == "weather-tweets":
        yield from _weather_tweets(words, program)
    elif name == "make":
        yield from (
            f"make has no target {word}" for word in words if "=" not in word and word not in program.targets
        )
    elif name == "locust":
        yield from _external(("locust",), words, program)
    elif words[:1] == ["-m"]:
        end = 3 if len(words) > 2 and re.fullmatch(r"[a-z][a-z-]*", words[2]) else 2
        yield from _external(tuple(words[1:end]), words[end:], program)


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line, comments=True)
    except ValueError:
        # Part of a command, or somebody else's syntax: the first words are enough.
        return line.split()


def _weather_tweets(words: list[str], program: Program) -> Iterator[str]:
    name = ""
    if words[:1] == ["--data-dir"]:
        words = words[2:]
    for word in words:
        if not word.startswith("-") and f"{name} {word}".strip() in program.commands:
            name = f"{name} {word}".strip()
        elif not name and not word.startswith("-"):
            yield f"weather-tweets has no command {word}"
            return
    known = program.commands[name] | program.commands[""]
    yield from (
        f"weather-tweets {name} has no option {option}" for option in _options(words) if option not in known
    )


def _external(command: tuple[str, ...], words: list[str], program: Program) -> Iterator[str]:
    known = program.options_of(*command)
    if known is None:
        yield f"there is no {' '.join(command)}"
        return
    yield from (
        f"{' '.join(command)} has no option {option}" for option in _options(words) if option not in known
    )


def _options(words: list[str]) -> list[str]:
    return [word.partition("=")[0] for word in words if re.match(r"--?[a-zA-Z]", word)]


def _option_of_any(option: str, program: Program) -> Iterator[str]:
    known = set().union(_FOREIGN_OPTIONS, *program.commands.values(), *program.generators.values())
    if option not in known and option not in (program.options_of("locust") or ()):
        yield f"no command has the option {option}"


def _settings(quote: Quote, program: Program) -> Iterator[str]:
    for name in _SETTING.findall(quote.text):
        if name not in program.settings:
            yield f"there is no setting {name}"


def _metrics(quote: Quote, program: Program) -> Iterator[str]:
    for name in _METRIC.findall(quote.text):
        if name not in program.metrics:
            yield f"there is no metric {name}"


def _routes(quote: Quote, program: Program) -> Iterator[str]:
    for path in _LOCAL_URL.findall(quote.text):
        if (path or "/") not in program.routes["gateway"]:
            yield f"the gateway has no route {path}"
    ours = quote.kind == "inline" and quote.text not in _FOREIGN_PATHS
    found = _ROUTE.fullmatch(quote.text) if ours else None
    if found:
        path = re.sub(r"<[^>]+>", "*", found[1])
        if not any(path in routes for routes in program.routes.values()):
            yield f"no service has the route {path}"


def _keys(quote: Quote, program: Program) -> Iterator[str]:
    if quote.kind == "inline" and re.fullmatch(r"(live|tally):\S+", quote.text):
        key = re.sub(r"<[^>]+>|\d+$", "*", quote.text)
        if key not in program.keys and key != "live:*":
            yield f"Redis has no key {quote.text}"


def _alerts(quote: Quote, program: Program) -> Iterator[str]:
    named = quote.kind == "inline" and re.fullmatch(r"Weather[A-Z][A-Za-z]+", quote.text)
    if named and quote.text not in program.alerts:
        yield f"there is no alert {quote.text}"


def _paths(quote: Quote, program: Program) -> Iterator[str]:  # noqa: ARG001
    if quote.kind != "inline" or not _PATH.fullmatch(quote.text):
        return
    top = quote.text.partition("/")[0]
    if top not in _FOLDERS and "/" in quote.text:
        return
    if not any((folder / quote.text).exists() for folder in (REPOSITORY, REPOSITORY / "helm/weather-tweets")):
        yield f"there is no file {quote.text}"
