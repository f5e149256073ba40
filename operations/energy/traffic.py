"""The same tweets, sent in the ways whose cost is compared."""

import http.client
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from operations import swarm_run
from operations.local import leftovers
from operations.local.endpoints import Endpoints
from operations.local.folder import Folder
from operations.local.ports import free_port
from operations.local.services import Gateway
from weather_tweets.settings import ClientSettings

TWEETS_PER_ARRAY = 100
TRIES = 10
"""How often a tweet is sent that the gateway, on a busy machine, has no time for."""

_LATER = (http.HTTPStatus.SERVICE_UNAVAILABLE, http.HTTPStatus.TOO_MANY_REQUESTS)


class RefusedTweetsError(RuntimeError):
    """Some tweets were not accepted, so what a run cost says nothing."""


def one_by_one(gateway: str, *, tweets: int, users: int, data: Path) -> None:
    """A POST per tweet, from a Locust swarm. Raises `RefusedTweetsError` and `swarm_run.SwarmFailedError`."""
    retries = ("--retry", str(TRIES - 1))
    summary = swarm_run.run(gateway, tweets=tweets, users=users, data=data, options=retries)
    if summary["accepted"] != tweets:
        raise RefusedTweetsError(f"{tweets - summary['accepted']} of {tweets} tweets were not accepted")


def in_arrays(gateway: str, *, tweets: int, users: int, data: Path) -> None:
    """A POST per `TWEETS_PER_ARRAY` tweets. Raises `RefusedTweetsError`."""
    known = islice(cycle(json.loads(data.read_text(encoding="utf-8"))), tweets)
    # With ids of their own they may be sent again.
    sent = [{**tweet, "id": str(uuid4())} for tweet in known]
    arrays = [
        json.dumps(sent[first : first + TWEETS_PER_ARRAY]).encode()
        for first in range(0, tweets, TWEETS_PER_ARRAY)
    ]
    address = urlsplit(gateway).netloc
    shares = [arrays[user::users] for user in range(users)]
    with ThreadPoolExecutor(users) as clients:
        list(clients.map(lambda share: _post(address, share), shares))


def _post(address: str, bodies: list[bytes]) -> None:
    connection = http.client.HTTPConnection(address, timeout=60)
    headers = {"Content-Type": "application/json", **ClientSettings().headers}
    for body in bodies:
        for _ in range(TRIES):
            connection.request("POST", "/input", body, headers)
            reply = connection.getresponse()
            answer = reply.read()
            if reply.status not in _LATER:
                break
            time.sleep(float(reply.headers.get("Retry-After", "1")))
        if reply.status != http.HTTPStatus.ACCEPTED:
            raise RefusedTweetsError(f"an array of tweets was not accepted: {answer.decode()}")
    connection.close()


@contextmanager
def unary_gateway(folder: Folder, endpoints: Endpoints) -> Iterator[tuple[str, list[int]]]:
    """A second gateway that calls the producer once per tweet; its address and processes."""
    environment: dict[str, Any] = {
        "WEATHER_GATEWAY_PRODUCER_CALLS": "unary",
        "WEATHER_GATEWAY_PRODUCER_TARGET": endpoints.grpc,
        "WEATHER_GATEWAY_WRITER_URL": f"{endpoints.websocket}/ingest",
        "WEATHER_GATEWAY_WRITER_TOKEN": folder.writer_token(),
        "WEATHER_GATEWAY_WORKERS": "1",
        # So that `down` finds it, should this process be killed.
        leftovers.MARK: str(folder.path),
        # What unary calls cost is asked, not whether they are in time on a busy machine.
        "WEATHER_GATEWAY_DEADLINE_SECONDS": "50",
    }
    port = free_port()
    gateway = Gateway(
        "gateway-unary",
        folder.path / "data" / "gateway-unary",
        {**environment, "WEATHER_GATEWAY_PORT": str(port)},
        port=port,
        log_file=folder.log("gateway-unary"),
    )
    gateway.start()
    try:
        yield f"http://127.0.0.1:{port}", [gateway.pid or 0]
    finally:
        gateway.stop()
