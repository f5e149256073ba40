"""Tests that run side by side: which come first, and which stay together."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.placement import LONG, group, longest_first

_ROOT = Path(__file__).parents[1]


@dataclass
class _Item:
    nodeid: str


@pytest.mark.parametrize("place", LONG)
def test_what_is_said_to_take_long_is_there(place: str) -> None:
    assert (_ROOT / place).exists()


def test_files_of_a_folder_that_share_what_is_running_stay_together() -> None:
    assert group("tests/page/test_access.py::test_a") == group("tests/page/test_weather.py::test_b[x/y]")
    assert group("tests/faults/test_overload.py::test_a") == "tests/faults"


def test_a_file_that_is_named_itself_is_its_own_group_and_so_are_all_others() -> None:
    assert group("tests/faults/test_chaos.py::test_a") == "tests/faults/test_chaos.py"
    assert group("tests/bench/test_plots.py::test_a") == "tests/bench/test_plots.py"


def test_they_run_longest_first_and_what_is_not_named_keeps_its_order_behind() -> None:
    files = [
        "tests/bench/test_plots.py",
        "tests/faults/test_chaos.py",
        "tests/faults/test_brokers.py",
        "tests/test_readme.py",
    ]
    items = [_Item(f"{file}::test_{number}") for number in range(2) for file in files]
    assert [item.nodeid for item in longest_first(items)] == [
        *(f"tests/faults/test_brokers.py::test_{number}" for number in range(2)),
        *(f"tests/faults/test_chaos.py::test_{number}" for number in range(2)),
        "tests/bench/test_plots.py::test_0",
        "tests/test_readme.py::test_0",
        "tests/bench/test_plots.py::test_1",
        "tests/test_readme.py::test_1",
    ]
