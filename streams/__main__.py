"""Starts a worker: `python -m streams` is `faust -A streams.app worker`, at the log level of the settings."""

import argparse

from faust.cli.faust import cli

from weather_tweets.settings import LogSettings


def main() -> None:
    """Runs a worker until SIGTERM or SIGINT; it then drains, and leaves its consumer group."""
    parser = argparse.ArgumentParser(prog="python -m streams", description=main.__doc__)
    parser.epilog = "All settings are environment variables: WEATHER_STREAMS_*, WEATHER_KAFKA_*, …"
    parser.parse_args()
    cli(["--app", "streams.app", "--quiet", "worker", "--loglevel", LogSettings().level])


if __name__ == "__main__":
    main()
