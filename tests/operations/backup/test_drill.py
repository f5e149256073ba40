"""The drill: MongoDB loses all, yesterday's backup comes back, the rest is rebuilt, all stores agree."""

import json
import subprocess
import sys
import threading
import urllib.request
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from operations.backup import archive
from tests.running_stack import RunningStack
from tests.streams.cluster import until

_COUNTRIES = ("Guatemala", "México", "Japón", "nowhere at all")

Documents = dict[str, dict[str, Any]]


def _post(stack: RunningStack, ids: list[str]) -> None:
    """Sends tweets, a thousand at once."""
    for start in range(0, len(ids), 1_000):
        body = [
            {"id": id_, "texto": f"Llueve {id_}", "país": _COUNTRIES[n % len(_COUNTRIES)]}
            for n, id_ in enumerate(ids[start : start + 1_000])
        ]
        request = urllib.request.Request(  # noqa: S310 (the address is ours)
            f"{stack.endpoints.gateway}/input",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as reply:  # noqa: S310
            assert reply.status == 202


def _new(count: int) -> list[str]:
    return [str(uuid.uuid4()) for _ in range(count)]


def _stored(stack: RunningStack) -> Documents:
    """By id, all that is restored."""
    with MongoClient[dict[str, Any]](stack.endpoints.mongo) as client:
        return {
            d["_id"]: {field: value for field, value in d.items() if field != "stored_at"}
            for d in client["weather"]["tweets"].find({})
        }


def _drop(stack: RunningStack) -> None:
    with MongoClient[dict[str, Any]](stack.endpoints.mongo) as client:
        client["weather"]["tweets"].drop()
        client["weather"]["history"].drop()


def _has_the_history_of(stack: RunningStack) -> bool:
    """Whether the hours have every tweet once."""
    with MongoClient[dict[str, Any]](stack.endpoints.mongo) as client:
        found: Counter[str] = Counter()
        for hour in client["weather"]["history"].find({"step": "hour"}):
            found.update({code: of["tweets"] for code, of in hour["countries"].items()})
        return found == Counter(d["code"] for d in client["weather"]["tweets"].find({}, {"code": 1}))


@contextmanager
def _load(stack: RunningStack) -> Iterator[None]:
    """Tweets that come meanwhile."""
    over = threading.Event()

    def run() -> None:
        while not over.wait(0.2):
            _post(stack, _new(20))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_the_drill(stack: RunningStack, tmp_path: Path) -> None:
    yesterday = tmp_path / "yesterday.tar.gz"
    first, later = _new(3_000), _new(2_000)
    # A tenth comes again, at once and later: which of the two is the tweet is not in the log.
    _post(stack, first + first[:300])
    stack.audit()
    assert "3,000 tweets" in stack.cli("backup", str(yesterday))
    assert "is there already" in stack.cli("backup", str(yesterday), status=1)
    _post(stack, later + later[:200] + first[:100])
    stack.audit()
    before = _stored(stack)
    assert len(before) == 5_000

    cut = tmp_path / "cut.tar.gz"
    cut.write_bytes(yesterday.read_bytes()[:-200])
    said = " ".join(stack.cli("restore", str(cut), status=1).split())
    assert "is cut off" in said
    assert "Nothing was restored" in said
    assert "has tweets already" in stack.cli("restore", str(yesterday), status=1)
    assert _stored(stack) == before

    _drop(stack)
    _post(stack, _new(1))
    until(lambda: _stored(stack), "the load has begun again")
    with _load(stack):
        _kill_in_the_middle(stack, yesterday)
        said = stack.cli("restore", str(yesterday), "--merge")
    assert "All stores agree" in said
    after = _stored(stack)
    assert len(after) > 5_001
    changed = {id_ for id_, document in before.items() if after[id_] != document}
    # Those that came twice may have changed places with their retries; nothing else may.
    assert changed <= set(later[:200])
    stack.audit()
    assert "All stores agree" in stack.cli("audit", "--deep")
    until(lambda: _has_the_history_of(stack), "the history is right")


def _kill_in_the_middle(stack: RunningStack, file: Path) -> None:
    # Killed by SIGKILL, at a rate that leaves time for it.
    before = len(_stored(stack))
    command = [sys.executable, "-m", "operations.cli", "--data-dir", str(stack.folder.path)]
    process = subprocess.Popen(
        [*command, "restore", str(file), "--merge", "--rate", "500"], stdout=subprocess.DEVNULL
    )
    until(lambda: len(_stored(stack)) > before + 1_000, "some are restored")
    process.kill()
    process.wait()


@pytest.mark.long
def test_all_stores_are_rebuilt_at_once_and_the_command_stops_the_workers_itself(stack: RunningStack) -> None:
    stack.audit()
    before = _stored(stack)
    _drop(stack)
    # Sent again while its document is missing: it is counted again, and no document can make up for that.
    _post(stack, sorted(before)[:1])
    until(lambda: _stored(stack), "it is stored again")
    said = stack.cli("rebuild", "mongo", status=1)
    assert "1 tweets were sent again, and counted again" in said
    assert _stored(stack).keys() == before.keys()
    with MongoClient[dict[str, Any]](stack.endpoints.mongo) as client:
        client["weather"]["tweets"].delete_many({"code": "GT"})
    assert "say so with --yes" in stack.cli("rebuild", "all", status=1)
    said = stack.cli("rebuild", "all", "--yes")
    assert "All stores agree" in said
    assert _stored(stack).keys() == before.keys()
    until(lambda: _has_the_history_of(stack), "the history is right")
    assert stack.parts()["streams-1"].state == "ready"


@pytest.mark.long
def test_a_backup_goes_into_a_system_whose_kafka_is_new(stack: RunningStack, tmp_path: Path) -> None:
    """What is told by a restored document of a topic that this Kafka never had."""
    stack.audit()
    count = len(_stored(stack))
    file = tmp_path / "ours.tar.gz"
    stack.cli("backup", str(file))
    manifest = archive.verify(file)
    assert (manifest.documents, manifest.counted) == (count, count)
    stack.cli("down", "--purge")
    stack.cli("up")
    assert "say so with --yes" in stack.cli("restore", str(file), status=1)
    said = stack.cli("restore", str(file), "--yes", "--rate", "0")
    assert f"All stores agree: {count:,} messages" in said
    _post(stack, _new(10))
    assert stack.audit().tables == count + 10
