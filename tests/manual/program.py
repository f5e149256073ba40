"""What the program really has: commands, options, targets, settings, metrics, routes, keys."""

import re
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import typer
from prometheus_client import CollectorRegistry
from sanic import Sanic

from gateway.app import create_app
from loadgen.cli import app as load_generator
from operations.cli import app as command_line
from streams.web import add_pages
from weather_tweets import metrics, redis_keys, settings
from ws_writer.doors import INGEST, LIVE

REPOSITORY = Path(__file__).parent.parent.parent
_OPTION = re.compile(r"(?<![\w-])--?[a-zA-Z][\w-]*")


@dataclass
class Program:
    """Everything that may be named."""

    commands: dict[str, set[str]]
    """Of `weather-tweets`: command → its options; the empty name stands for the options of all."""
    generators: dict[str, set[str]]
    """The same of `python -m loadgen`."""
    targets: set[str]
    settings: set[str]
    metrics: set[str]
    routes: dict[str, set[str]]
    """Service → paths; what is variable in them is `*`."""
    keys: set[str]
    alerts: set[str]
    modules: dict[str, set[str]] = field(default_factory=dict)
    """Asked for on demand: `python -m` command line → options in its help."""

    def options_of(self, *command: str) -> set[str] | None:
        """The options that a program's own help names; None where there is no such command."""
        if command[0] == "loadgen" and "".join(command[1:]) != "swarm":
            return self.generators.get("".join(command[1:]))
        name = " ".join(command)
        if name not in self.modules:
            self.modules[name] = _options_in_help(command)
        return self.modules[name] or None


@cache
def program() -> Program:
    return Program(
        commands=_commands(command_line),
        generators=_commands(load_generator),
        targets=set(re.findall(r"^([a-z][a-z0-9-]*):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)),
        settings=_settings(),
        metrics=_metrics(),
        routes=_routes(),
        keys=_keys(),
        alerts=_alerts(),
    )


def metric_classes() -> list[type]:
    return [kind for name, kind in vars(metrics).items() if name.endswith("Metrics")]


def _commands(app: typer.Typer) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}

    def learn(name: str, command: object) -> None:
        found[name] = {
            option
            for parameter in getattr(command, "params", ())
            for option in (*parameter.opts, *parameter.secondary_opts)
            if option.startswith("-")
        } | {"--help"}
        for own, inner in getattr(command, "commands", {}).items():
            learn(f"{name} {own}".strip(), inner)

    learn("", typer.main.get_command(app))
    return found


def _settings() -> set[str]:
    names = {
        f"{group.model_config['env_prefix']}{name.upper()}"
        for group in settings.ALL
        for name in group.model_fields
    }
    # Read by command lines rather than by services.
    for source in [*REPOSITORY.glob("operations/cli/*.py"), *REPOSITORY.glob("loadgen/*.py")]:
        names |= set(re.findall(r'env_?var="(WEATHER_[A-Z_]+)"', source.read_text()))
    return names


def _metrics() -> set[str]:
    names = set()
    for kind in metric_classes():
        registry = CollectorRegistry()
        kind(registry)
        for family in registry.collect():
            names.add(family.name)
            names |= {f"{family.name}_total"} if family.type == "counter" else set()
            if family.type == "histogram":
                names |= {f"{family.name}_{part}" for part in ("bucket", "count", "sum")}
    return names


def _routes() -> dict[str, set[str]]:
    gateway: Sanic[Any, Any] = create_app(registry=CollectorRegistry(), name="weather-manual-check")
    Sanic.unregister_app(gateway)
    found = {"gateway": {f"/{re.sub('<[^>]*>', '*', route.path)}" for route in gateway.router.routes}}

    pages: set[str] = set()

    class Recorder:
        def page(self, path: str) -> object:
            pages.add(re.sub(r"\{[^}]*\}", "*", path))
            return lambda view: view

    add_pages(Recorder(), stats=None, watch=None, trouble=None, waiting_for=None, metrics=None)  # type: ignore[arg-type]
    found["streams"] = pages
    found["writer"] = {INGEST, *LIVE, "/healthz", "/metrics"}
    found["producer"] = {"/healthz", "/metrics"}
    return found


def _keys() -> set[str]:
    plain = {value for name, value in vars(redis_keys).items() if name.isupper()}
    return plain | {redis_keys.tally(0).replace("0", "*")}


def _alerts() -> set[str]:
    rules = REPOSITORY.glob("helm/weather-tweets/rules/*.yaml")
    return {name for path in rules for name in re.findall(r"alert: (\w+)", path.read_text())}


def _options_in_help(command: tuple[str, ...]) -> set[str]:
    if command[0] in ("locust", "loadgen"):
        line = [sys.executable, "-m", "loadgen", "swarm", "--help"]
    else:
        if not (REPOSITORY / command[0] / "__main__.py").exists():
            return set()
        line = [sys.executable, "-m", *command, "--help"]
    done = subprocess.run(line, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    return set(_OPTION.findall(done.stdout)) if done.returncode == 0 else set()
