"""Locust as a process of its own; the stack against which it runs is in tests/operations/local."""

from pathlib import Path

import pytest

from operations import swarm_run
from operations.local.folder import Folder
from operations.local.ports import free_port


def test_a_swarm_against_nobody_fails_and_says_so(tmp_path: Path) -> None:
    progress: list[int] = []
    summary = swarm_run.run(
        f"http://127.0.0.1:{free_port()}",
        tweets=4,
        users=2,
        data=swarm_run.ensure_data(Folder(tmp_path)),
        on_progress=progress.append,
    )
    assert (summary["accepted"], summary["failed"]) == (0, 4)
    assert progress[-1] == 4


def test_options_that_locust_does_not_take_are_an_error_with_its_words(tmp_path: Path) -> None:
    with pytest.raises(swarm_run.SwarmFailedError, match="cannot be read"):
        swarm_run.run("http://127.0.0.1:1", tweets=1, users=1, data=tmp_path / "missing.json")
