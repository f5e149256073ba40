"""Logging of every service: JSON lines in containers, readable lines on a terminal."""

import logging
import logging.config
import sys
from typing import Any

from weather_tweets.settings import LogSettings


def config(service: str, settings: LogSettings | None = None) -> dict[str, Any]:
    """A `logging.config` dictionary, for frameworks that want to apply it themselves (Sanic, Faust)."""
    settings = settings or LogSettings()
    as_json = settings.format == "json" or (settings.format == "auto" and not sys.stderr.isatty())
    formatter: dict[str, Any] = (
        {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "fmt": "%(asctime)s %(levelname)s %(name)s %(message)s",
            "rename_fields": {"asctime": "at", "levelname": "level", "name": "logger"},
            "static_fields": {"service": service},
        }
        if as_json
        else {"format": f"%(asctime)s %(levelname)-7s {service} %(name)s: %(message)s"}
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatter},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"level": settings.level.upper(), "handlers": ["stderr"]},
        # A line per RPC or per fetch is noise at the rates that this system is made for.
        "loggers": {
            "aiokafka": {"level": "WARNING"},
            "websockets": {"level": "WARNING"},
            "faust": {"level": settings.level.upper()},
        },
    }


def configure(service: str, settings: LogSettings | None = None) -> None:
    """Sets up logging of this process."""
    logging.config.dictConfig(config(service, settings))
