import logging

import pytest

from streams.log_limit import LogLimit


def _record(logger: str, message: str, *args: object) -> logging.LogRecord:
    return logging.LogRecord(logger, logging.ERROR, "", 0, message, args, None)


def test_the_same_of_aiokafka_is_said_once_in_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    limit = LogLimit()
    now = 100.0
    monkeypatch.setattr("streams.log_limit.time.monotonic", lambda: now)
    assert limit.filter(_record("aiokafka.conn", "Unable connect to node with id %s", 1))
    assert not limit.filter(_record("aiokafka.conn", "Unable connect to node with id %s", 2))
    assert limit.filter(_record("aiokafka.conn", "Something else"))
    now = 111.0
    assert limit.filter(_record("aiokafka.conn", "Unable connect to node with id %s", 1))


def test_our_own_messages_are_never_left_out() -> None:
    limit = LogLimit()
    assert all(limit.filter(_record("streams.processing", "partition 1: going back")) for _ in range(3))
