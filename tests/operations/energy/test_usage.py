import os
import subprocess
import sys
import time

import psutil

from operations.energy.power import Work
from operations.energy.usage import Snapshot, snapshot, work_between


def burn(cpu_seconds: float) -> None:
    until = time.process_time() + cpu_seconds
    while time.process_time() < until:
        pass


def test_a_part_did_what_its_processes_did() -> None:
    before = snapshot({"writer": [os.getpid()]})
    used = psutil.Process().cpu_times()
    burn(0.3)
    work = work_between(before, snapshot({"writer": [os.getpid()]}))["writer"]
    now = psutil.Process().cpu_times()
    assert 0.25 < work.cpu_seconds <= now.user + now.system - used.user - used.system + 0.05
    assert work.memory_bytes > 10e6


def test_all_stream_workers_are_one_part() -> None:
    before = Snapshot(0, {"streams": {1: 5.0, 2: 1.0}}, {"streams": 100.0})
    after = Snapshot(9, {"streams": {1: 6.0, 2: 1.5, 3: 0.25}}, {"streams": 300.0})
    assert work_between(before, after) == {"streams": Work(cpu_seconds=1.75, memory_bytes=200.0)}
    found = snapshot({"streams-1": [os.getpid()], "streams-2": [os.getppid()]})
    assert set(found.cpu_seconds) == {"streams"}
    assert set(found.cpu_seconds["streams"]) == {os.getpid(), os.getppid()}


def test_a_process_that_has_ended_is_left_out() -> None:
    with subprocess.Popen([sys.executable, "-c", "pass"]) as process:
        process.wait()
    assert snapshot({"redis": [process.pid]}).cpu_seconds == {}
