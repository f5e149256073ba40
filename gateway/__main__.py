"""`python -m gateway`."""

import argparse
import os
import sys
import tempfile

from weather_tweets import logs
from weather_tweets.settings import GatewaySettings


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m gateway",
        description="The REST front door: takes tweets at POST /input and answers once Kafka has them.",
        epilog="Settings are environment variables: WEATHER_GATEWAY_*, WEATHER_LOG_*.",
    )
    parser.add_argument("--host", help="address to listen on (WEATHER_GATEWAY_HOST)")
    parser.add_argument("--port", type=int, help="port (WEATHER_GATEWAY_PORT)")
    parser.add_argument("--workers", type=int, help="worker processes (WEATHER_GATEWAY_WORKERS)")
    for name, value in vars(parser.parse_args()).items():
        if value is not None:
            # By the environment, because worker processes read their settings anew.
            os.environ[f"WEATHER_GATEWAY_{name.upper()}"] = str(value)
    settings = GatewaySettings()
    logs.configure("gateway")
    if settings.workers == 1:
        return _serve(settings)
    # Each worker process counts in files of this folder; /metrics adds them up. It must be known before
    # prometheus_client is imported, which is why the imports are further down.
    with tempfile.TemporaryDirectory(prefix="weather-gateway-") as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        return _serve(settings)


def _serve(settings: GatewaySettings) -> int:
    from gateway.serving import serve

    return serve(settings)


if __name__ == "__main__":
    sys.exit(main())
