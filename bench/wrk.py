"""Load by wrk: so many clients, each of which sends its next request when it has the last one's answer."""

import shutil
import subprocess
from pathlib import Path

import msgspec

from bench.failure import StageFailedError

_SCRIPT = Path(__file__).with_suffix(".lua")
# Longer than the gateway's deadline: what is late has its answer counted.
_TIMEOUT_SECONDS = 20


class Answers(msgspec.Struct, frozen=True):
    """What the clients saw, as `wrk.lua` tells it; latencies are of all requests."""

    requests: int
    """With an answer; at most one per client was on its way when the time was over."""
    microseconds: int
    refused: int
    """Answered with a status of 400 or more."""
    broken: int
    """Connections not made or lost, and answers that never came."""
    p50_us: int
    p99_us: int

    @property
    def seconds(self) -> float:
        return self.microseconds / 1e6


def find() -> str:
    """The command. Raises `StageFailedError` where it is not installed."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise StageFailedError("wrk is not installed: `make setup-bench` brings it.")
    return wrk


def post(url: str, bodies: Path, *, clients: int, seconds: int) -> Answers:
    """Posts the lines of the file as JSON. Raises `StageFailedError` unless each was accepted."""
    command = [
        find(), "--threads", "1", "--connections", str(clients), "--duration", f"{seconds}s",
        "--timeout", f"{_TIMEOUT_SECONDS}s", "--script", str(_SCRIPT), url, "--", str(bodies),
    ]  # fmt: skip
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise StageFailedError(
            f"wrk ended with status {ended.returncode}: {(ended.stderr or ended.stdout).strip()}"
        )
    return all_accepted(answers(ended.stdout))


def answers(output: str) -> Answers:
    """The last line of what wrk printed. Raises `StageFailedError` if it is not the script's."""
    try:
        return msgspec.json.decode(output.rstrip().rpartition("\n")[2], type=Answers)
    except msgspec.DecodeError as error:
        raise StageFailedError(f"wrk did not say what it measured ({error}):\n{output}") from error


def all_accepted(seen: Answers) -> Answers:
    """The same. Raises `StageFailedError` where a refusal or no request at all makes it worthless."""
    if not seen.requests or seen.refused or seen.broken:
        raise StageFailedError(
            f"of {seen.requests:,} requests {seen.refused:,} were refused, and {seen.broken:,} had no answer"
        )
    return seen
