from pathlib import Path

import pytest

from operations.chaos.health import Health, Said, complaints
from operations.local.folder import Folder


@pytest.mark.parametrize(
    ("status", "body", "wrong"),
    [
        (200, b'{"status":"ok"}', []),
        (200, b'{"status":"alive","kafka":"up"}', []),
        (200, b'{"status":"alive","kafka":"away"}', ["kafka is away"]),
        (200, b'{"status":"ok","redis":"away","viewers":0}', ["redis is away"]),
        (200, b'{"status":"waiting","reason":"redis: it is full"}', ["waiting: redis"]),
        (503, b'{"status":"stuck","reason":"no progress for 40 s"}', ["503", "stuck: no progress for 40 s"]),
        (503, b'{"complete":false}', ["503", "not complete"]),
        (502, b"<html>", ["502"]),
    ],
)
def test_a_page_complains(status: int, body: bytes, wrong: list[str]) -> None:
    assert list(complaints(status, body)) == wrong


def test_each_complaint_is_told_once_for_the_time_of_a_fault(tmp_path: Path) -> None:
    health = Health(Folder(tmp_path))
    health.said += [Said(at, "writer/healthz", "redis is away") for at in (1.0, 5.0, 5.5, 9.0)]
    health.said.append(Said(5.2, "producer/readyz", "503"))
    assert health.between(4, 6) == ["writer/healthz: redis is away", "producer/readyz: 503"]
    assert health.between(6, 8) == []
