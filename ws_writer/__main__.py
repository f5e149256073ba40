"""`python -m ws_writer`."""

import argparse

import uvloop

from weather_tweets import logs, lost_connections
from weather_tweets.settings import LogSettings, RedisSettings, WriterSettings
from ws_writer import server


def main() -> None:
    """Starts the WebSocket writer with the settings of the environment."""
    parser = argparse.ArgumentParser(
        prog="python -m ws_writer",
        description="Takes accepted tweets on /ingest, counts them in Redis and shows viewers of /live.",
        epilog=f"Settings are environment variables:\n\n{_variables()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", help="address to listen on, wins over WEATHER_WRITER_HOST")
    parser.add_argument("--port", type=int, help="port to listen on, wins over WEATHER_WRITER_PORT")
    given = {name: value for name, value in vars(parser.parse_args()).items() if value is not None}
    logs.configure("ws_writer")
    lost_connections.raise_os_errors()
    uvloop.run(server.run(WriterSettings(**given), RedisSettings()))


def _variables() -> str:
    lines = []
    for settings in (WriterSettings, RedisSettings, LogSettings):
        prefix = settings.model_config.get("env_prefix", "")
        for name, field in settings.model_fields.items():
            lines.append(f"  {prefix}{name.upper():30} {field.description} (default {field.default!r})")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
