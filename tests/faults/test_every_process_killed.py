"""`kill -9` of every process of the stack, one after another, under load."""

import os
import signal
import threading
from contextlib import suppress
from http.client import HTTPException

from pymongo import MongoClient

from tests.faults.conditions import agreed, until
from tests.faults.posting import post
from tests.running_stack import RunningStack


def test_all_stores_agree_afterwards(healthy: RunningStack) -> None:
    over = threading.Event()
    accepted: list[str] = []

    def load() -> None:
        while not over.is_set():
            # Refused or broken: a client without retries, whose tweets may be stored or not.
            with suppress(OSError, HTTPException):
                answer = post(healthy.endpoints.gateway, "Bajo carga", timeout=5)
                if answer.status == 202:
                    accepted.append(answer.body["id"])

    clients = [threading.Thread(target=load) for _ in range(4)]
    for client in clients:
        client.start()
    try:
        for name in list(healthy.endpoints.pids):
            restarts = healthy.parts()[name].restarts
            for pid in healthy.endpoints.pids[name]:
                os.kill(pid, signal.SIGKILL)
            until(
                lambda name=name, restarts=restarts: (  # type: ignore[misc]
                    (part := healthy.parts()[name]).restarts > restarts and part.state == "ready"
                )
            )
    finally:
        over.set()
        for client in clients:
            client.join()
    assert accepted
    agreed(healthy)
    _all_are_stored(healthy, accepted)


def _all_are_stored(stack: RunningStack, ids: list[str]) -> None:
    with MongoClient[dict[str, object]](stack.endpoints.mongo) as client:
        stored = {str(document["_id"]) for document in client.weather.tweets.find({}, {"_id": 1})}
    assert set(ids) <= stored
