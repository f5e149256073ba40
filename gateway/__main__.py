"""`python -m gateway`."""

import argparse
import asyncio
import logging
import os
import socket
import sys
import tempfile
from pathlib import Path

from gateway import workers
from gateway.keys import key_file, last_good
from gateway.processes import FOLDER_VARIABLE
from weather_tweets import logs
from weather_tweets.settings import GatewaySettings

log = logging.getLogger(__name__)


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
    try:
        return _run(settings)
    except key_file.KeyFileError as error:
        sys.stderr.write(f"gateway: {error}\n")
        return 1


def _run(settings: GatewaySettings) -> int:
    shared = workers.inherited()
    if shared:
        _serve(shared, is_worker=True)
        return 0
    keys = b""
    if settings.keys_file:
        # Said here and at once, not by each worker process again and again.
        keys = key_file.content(Path(settings.keys_file))
        key_file.parse(keys)
    try:
        listening = workers.listen(settings.host, settings.port)
    except OSError as error:
        sys.stderr.write(f"gateway: cannot listen on {settings.host}:{settings.port}: {error}\n")
        return 1
    log.info("Listening on http://%s:%d", *listening.getsockname()[:2])
    if settings.workers == 1:
        _serve(listening, is_worker=False)
        return 0
    # Each worker process counts in files of this folder; /metrics adds them up.
    with tempfile.TemporaryDirectory(prefix="weather-gateway-") as folder:
        os.environ[FOLDER_VARIABLE] = folder
        if keys:
            os.environ[last_good.FILE_VARIABLE] = str(Path(folder) / "keys.toml")
            last_good.save(keys)
        asyncio.run(workers.supervise(listening, settings.workers))
    return 0


def _serve(listening: socket.socket, *, is_worker: bool) -> None:
    # Not earlier: the supervisor of worker processes needs nothing of it.
    from gateway.serving import serve

    serve(listening, is_worker=is_worker)


if __name__ == "__main__":
    sys.exit(main())
