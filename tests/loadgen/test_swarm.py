"""The swarm as its users start it: real Locust processes against a server on this machine."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import requests

from operations.local.ports import free_port
from tests.loadgen.conftest import DEADLINE_SECONDS, FrontDoor, Run, command, tweet_file
from tests.loadgen.http import Answer
from weather_tweets.tweet import canonical_id

Swarm = Callable[..., Run]


@pytest.mark.parametrize("processes", [(), ("--processes", "2")])
def test_exactly_as_many_tweets_are_sent_as_asked_for(
    front_door: FrontDoor, swarm: Swarm, processes: tuple[str, ...]
) -> None:
    run = swarm(front_door.url, "--tweets", "523", *processes)

    assert run.status == 0, run.log
    assert set(front_door.came.values()) == {1}
    assert len(front_door.came) == 523
    assert {key for key in front_door.came if canonical_id(key) == key} == set(front_door.came)
    texts = [body["texto"] for body in front_door.bodies]
    # 523 is thirteen times through the file of 40, and three more.
    assert {texts.count(f"Llueve {n}") for n in range(3)} == {14}
    assert {texts.count(f"Llueve {n}") for n in range(3, 40)} == {13}
    counts = ("users", "tweets", "requests", "accepted", "failed", "failures", "unfinished")
    assert {key: run.summary[key] for key in counts} == {
        "users": 10, "tweets": 523, "requests": 523, "accepted": 523, "failed": 0, "failures": {},
        "unfinished": 0,
    }  # fmt: skip
    assert run.summary["requests_per_second"] > 0
    latency = run.summary["latency_ms"]
    assert 0 < latency["p50"] <= latency["p95"] <= latency["p99"]
    assert run.progress[0]["done"] == 0
    assert run.progress[-1] == {"done": 523, "failed": 0, "total": 523}


def test_it_sends_with_the_key_of_the_environment_and_tells_nobody(
    front_door: FrontDoor, swarm: Swarm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEATHER_KEY", "wt_a-key")
    run = swarm(front_door.url, "--tweets", "20", "--loglevel", "DEBUG")
    assert run.status == 0, run.log
    assert front_door.authorizations == {"Bearer wt_a-key"}
    assert "wt_a-key" not in run.log
    monkeypatch.delenv("WEATHER_KEY")
    front_door.authorizations.clear()
    swarm(front_door.url, "--tweets", "20")
    assert front_door.authorizations == {None}


def test_what_is_refused_is_counted_by_reason_and_fails_the_run(front_door: FrontDoor, swarm: Swarm) -> None:
    ordinary = front_door.answer

    def refuse_some(key: str, times: int) -> Answer:
        match int(key[-12:], 16) % 10:
            case 0:
                return Answer(503, headers={"Retry-After": "1"})
            case 1:
                return Answer(422)
            case 2:
                # Success, but not the one that says that it is durable.
                return Answer(200)
        return ordinary(key, times)

    front_door.answer = refuse_some
    run = swarm(front_door.url, "--tweets", "200")
    assert run.status == 1
    assert run.summary["failures"] == {
        "503 Service Unavailable": 20,
        "422 Unprocessable Entity": 20,
        "200 OK": 20,
    }
    assert (run.summary["requests"], run.summary["accepted"], run.summary["failed"]) == (200, 140, 60)
    assert run.progress[-1]["failed"] == 60
    assert set(front_door.came.values()) == {1}


def test_a_retry_carries_the_same_key_and_counts_once(front_door: FrontDoor, swarm: Swarm) -> None:
    ordinary = front_door.answer
    front_door.answer = lambda key, times: (
        Answer(503, headers={"Retry-After": "0"}) if times == 1 else ordinary(key, times)
    )
    run = swarm(front_door.url, "--tweets", "60", "--retry", "2")
    assert run.status == 0, run.log
    assert (run.summary["requests"], run.summary["accepted"]) == (60, 60)
    assert set(front_door.came.values()) == {2}
    assert len(front_door.came) == 60


def test_a_server_that_is_away_fails_every_request(swarm: Swarm) -> None:
    run = swarm(f"http://127.0.0.1:{free_port()}", "--tweets", "30")
    assert run.status == 1
    assert run.summary["failures"] == {"ConnectionRefusedError": 30}


def test_a_host_that_is_not_this_machine_is_refused_before_anything_is_sent(swarm: Swarm) -> None:
    run = swarm("http://192.0.2.1:8000", "--tweets", "1")
    assert run.status == 2
    assert run.summary == {}
    assert "--allow-remote" in run.log
    assert "Traceback" not in run.log


def test_a_name_of_nip_io_reaches_this_machine_without_dns(front_door: FrontDoor, swarm: Swarm) -> None:
    host = front_door.url.replace("127.0.0.1", "127.0.0.1.nip.io")
    run = swarm(host, "--tweets", "20")
    assert run.status == 0, run.log
    assert front_door.hosts == {host.removeprefix("http://")}


def test_a_file_that_is_none_is_refused_before_anything_is_sent(
    front_door: FrontDoor, swarm: Swarm, tmp_path: Path
) -> None:
    path = tmp_path / "bad.json"
    path.write_text('[{"texto": "Llueve"}]')
    run = swarm(front_door.url, "--data", str(path))
    assert run.status == 2
    assert "país" in run.log
    assert "Traceback" not in run.log
    assert not front_door.came


def test_a_run_that_is_cut_short_counts_what_was_answered(front_door: FrontDoor, swarm: Swarm) -> None:
    ordinary = front_door.answer

    def slowly(key: str, times: int) -> Answer:
        time.sleep(0.05)
        return ordinary(key, times)

    front_door.answer = slowly
    run = swarm(front_door.url, "--tweets", "100000", "--run-time", "2s")
    # Nobody was cut off in the middle of a request: what came was counted.
    assert run.status == 0, run.log
    assert run.summary["accepted"] == len(front_door.came) == sum(front_door.came.values())
    assert run.summary["unfinished"] == 100_000 - run.summary["requests"]


def test_a_worker_process_that_dies_costs_what_it_held_and_no_more(
    front_door: FrontDoor, tmp_path: Path
) -> None:
    ordinary = front_door.answer

    def slowly(key: str, times: int) -> Answer:
        time.sleep(0.02)
        return ordinary(key, times)

    front_door.answer = slowly
    line = command(tmp_path, front_door.url, "--headless", "--tweets", "1500", "--processes", "2")
    with subprocess.Popen(line, stderr=subprocess.DEVNULL, cwd=tmp_path) as leader:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while len(front_door.came) < 100 and time.monotonic() < deadline:
            time.sleep(0.05)
        os.kill(psutil.Process(leader.pid).children()[0].pid, signal.SIGKILL)
        leader.wait(DEADLINE_SECONDS)
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert leader.returncode == 1
    lost = summary["failures"]["worker process lost"]
    assert 0 < lost == summary["failed"] < 1000
    assert summary["accepted"] + lost == summary["requests"] == 1500
    assert set(front_door.came.values()) == {1}


def test_a_file_in_another_form_is_sent_and_what_is_odd_about_it_is_said_once(
    front_door: FrontDoor, swarm: Swarm, tmp_path: Path
) -> None:
    lines = [f'{{"Descripcion": "Llueve {n}", "Lugar": "GT",}}' for n in range(300)]
    (tmp_path / "tweets.json").write_text("\n".join(lines), "utf-8")
    keys = ("--text-key", "descripción", "--country-key", "lugar")
    run = swarm(front_door.url, "--tweets", "300", "--processes", "2", *keys)
    assert run.status == 0, run.log
    assert {body["texto"] for body in front_door.bodies} == {f"Llueve {n}" for n in range(300)}
    assert run.log.count("JSON5") == 1


def test_a_replay_keeps_the_rhythm_of_the_tweets(front_door: FrontDoor, swarm: Swarm, tmp_path: Path) -> None:
    minutes = (0, 0, 30, 45, 45, 59)
    tweet_file(
        tmp_path / "tweets.json",
        [
            {"texto": f"Llueve {n}", "país": "Guatemala", "hora": f"2026-06-01T08:{minute:02}:00-06:00"}
            for n, minute in enumerate(minutes)
        ],
    )
    run = swarm(front_door.url, "--tweets", "6", "--rate", "x1180", "--processes", "2")
    assert run.status == 0, run.log
    # The hour takes three seconds; only the first can be late, and then the run is shorter.
    assert run.summary["seconds"] > 1
    assert run.summary["accepted"] == 6
    assert [body["texto"] for body in front_door.bodies][-1] == "Llueve 5"


def test_a_shape_changes_the_users_and_not_the_number_of_tweets(front_door: FrontDoor, swarm: Swarm) -> None:
    run = swarm(
        front_door.url, "--tweets", "3000", "--users", "8", "--shape", "spikes", "--shape-seconds", "2"
    )
    assert run.status == 0, run.log
    assert run.summary["accepted"] == 3000
    assert set(front_door.came.values()) == {1}
    assert run.summary["users"] <= 8


def test_the_web_page_starts_a_swarm_and_refuses_hosts_elsewhere(
    front_door: FrontDoor, tmp_path: Path
) -> None:
    port = free_port()
    line = command(tmp_path, front_door.url, "--web-port", str(port), "--tweets", "150")
    page = f"http://127.0.0.1:{port}"

    def start(host: str) -> None:
        form = {"user_count": 5, "spawn_rate": 5, "host": host, "tweets": 150}
        assert requests.post(f"{page}/swarm", form, timeout=30).json()["success"]

    def wait_until(done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not done():
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def answers() -> bool:
        try:
            return requests.get(page, timeout=5).ok
        except requests.ConnectionError:
            return False

    def state() -> str:
        return str(requests.get(f"{page}/stats/requests", timeout=30).json()["state"])

    log = tmp_path / "log"
    with log.open("w") as errors, subprocess.Popen(line, stderr=errors, cwd=tmp_path) as process:
        try:
            wait_until(answers)
            listening = {
                connection.laddr.ip
                for connection in psutil.Process(process.pid).net_connections("tcp")
                if connection.status == psutil.CONN_LISTEN
            }
            assert listening == {"127.0.0.1"}
            start("http://192.0.2.1")
            wait_until(lambda: "not this machine" in log.read_text())
            wait_until(lambda: state() in ("stopped", "ready"))
            start(front_door.url)
            wait_until(lambda: state() == "stopped" and (tmp_path / "summary.json").exists())
            assert json.loads((tmp_path / "summary.json").read_text())["accepted"] == 150
        finally:
            process.terminate()
    assert set(front_door.came.values()) == {1}


def test_help_shows_the_options_of_the_swarm_in_a_group_of_their_own(tmp_path: Path) -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "loadgen", "swarm", "--help"],
        check=True, capture_output=True, text=True, cwd=tmp_path, env={**os.environ, "COLUMNS": "200"},
    ).stdout  # fmt: skip
    group = shown.partition("Weather Tweets (-f loadgen/locustfile.py):")[2].partition("\nExamples:")[0]
    for option in ("--tweets", "--data", "--summary", "--progress", "--retry", "--rate", "--shape"):
        assert f"\n  {option} " in group
    assert "Default: 10000" in group
