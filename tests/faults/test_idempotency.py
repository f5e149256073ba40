"""The same key is the same tweet, however often and whenever it is posted."""

import os
import signal
import uuid
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException

from pymongo import MongoClient

from operations.audit import Counts
from tests.faults.conditions import agreed, until
from tests.faults.posting import Answer, post
from tests.running_stack import RunningStack


def _accepts(stack: RunningStack) -> bool:
    try:
        return post(stack.endpoints.gateway, "¿Ya?").status == 202
    except (OSError, HTTPException):
        return False


def _once(stack: RunningStack, key: str, answers: list[Answer], before: Counts) -> None:
    assert [(answer.status, answer.body["id"]) for answer in answers] == [(202, key)] * len(answers)
    assert agreed(stack).repeats - before.repeats == len(answers) - 1
    with MongoClient[dict[str, object]](stack.endpoints.mongo) as client:
        assert client.weather.tweets.count_documents({"_id": key}) == 1


def test_twice_at_once_is_stored_and_counted_once(healthy: RunningStack) -> None:
    before = agreed(healthy)
    key = str(uuid.uuid4())
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: post(healthy.endpoints.gateway, "Llueve", key=key), range(8)))
    _once(healthy, key, answers, before)


def test_again_after_the_gateway_was_killed_is_stored_and_counted_once(healthy: RunningStack) -> None:
    before = agreed(healthy)
    key = str(uuid.uuid4())
    first = post(healthy.endpoints.gateway, "Llueve", key=key)
    for pid in healthy.endpoints.pids["gateway"]:
        os.kill(pid, signal.SIGKILL)
    until(lambda: _accepts(healthy))
    _once(healthy, key, [first, post(healthy.endpoints.gateway, "Llueve", key=key)], before)
