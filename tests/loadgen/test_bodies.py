import json

import pytest

from loadgen import bodies
from loadgen.bodies import Bodies
from loadgen.tweet_file import Entry


@pytest.mark.parametrize("count", [1, 255, 256, 257, 1000])
@pytest.mark.parametrize("in_memory_bytes", [0, 2**20])
def test_every_body_is_at_its_number_in_memory_and_beyond(
    monkeypatch: pytest.MonkeyPatch, count: int, in_memory_bytes: int
) -> None:
    monkeypatch.setattr(bodies, "IN_MEMORY_BYTES", in_memory_bytes or 1)
    kept = Bodies(Entry(f"Llueve\n{number} ☔", "Perú", "2026-06-01T00:00:00Z") for number in range(count))
    assert len(kept) == count
    numbers = [*range(count), *reversed(range(count)), count // 2, 0, count - 1]
    assert [json.loads(kept[number]) for number in numbers] == [
        {"texto": f"Llueve\n{number} ☔", "país": "Perú"} for number in numbers
    ]


def test_none_are_none() -> None:
    assert len(Bodies([])) == 0
