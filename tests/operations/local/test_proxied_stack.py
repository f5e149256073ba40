"""A stack whose every connection leads through the proxy."""

import time
from collections.abc import Iterator

import msgspec
import pytest

from operations.local import control, launch, links
from operations.local.proxy.conditions import CALM, Conditions
from tests.running_stack import RunningStack, run_stack


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    yield from run_stack(tmp_path_factory.mktemp("proxied") / "data", options=("--proxied",))


def test_a_tweet_passes_every_link(stack: RunningStack) -> None:
    before = links.show(stack.folder)
    assert set(before) == set(links.LINKS)
    for number in range(20):
        stack.post({"texto": f"Llueve {number}", "país": "Guatemala"})
    stack.audit()
    after = links.show(stack.folder)
    # The live view is told by itself, a moment later.
    deadline = time.monotonic() + 20
    while any(after[link]["passed_bytes"] <= before[link]["passed_bytes"] for link in links.LINKS):
        assert time.monotonic() < deadline, (before, after)
        time.sleep(0.2)
        after = links.show(stack.folder)


def test_what_a_cut_link_holds_up_is_counted_when_it_is_mended(stack: RunningStack) -> None:
    links.become(stack.folder, "worker-mongo", Conditions(cut=True))
    try:
        stack.post({"texto": "Sin base", "país": "Guatemala"})
    finally:
        links.become(stack.folder, "worker-mongo", CALM)
    stack.audit()


def test_the_proxy_is_kept_as_every_part_is(stack: RunningStack) -> None:
    control.call(stack.folder, "restart", name="links")
    stack.post({"texto": "Otra vez", "país": "Guatemala"})
    stack.audit()


def test_a_link_that_there_is_not_is_refused(stack: RunningStack) -> None:
    with pytest.raises(control.ControlError, match="the links are"):
        links.reset(stack.folder, "gateway-moon")


def test_a_stack_without_a_proxy_is_not_taken_for_one(
    stack: RunningStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = stack.endpoints
    monkeypatch.setattr(launch, "read_endpoints", lambda _: msgspec.structs.replace(found, links=[]))
    with pytest.raises(launch.UpFailedError, match="--proxied"):
        launch.up(stack.folder, proxied=True)
