import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from loadgen.x.fetching import MAX_FAILURES, Fetcher, FetchError, State, start_time
from loadgen.x.importing import Count, take_over
from tests.loadgen.http import Answer, serving
from tests.loadgen.x.api import TOKEN, RecentSearch, posts, problem, too_many_requests

POSTS = posts(250)
DEADLINE_SECONDS = 120
QUERY = "lluvia lang:es -is:retweet"


@pytest.fixture
def api() -> RecentSearch:
    return RecentSearch(POSTS)


@pytest.fixture
def url(api: RecentSearch) -> Iterator[str]:
    with serving(api) as url:
        yield url


class Waits(list[tuple[float, str]]):
    """Remembers what a fetcher waited for, instead of waiting."""

    def __call__(self, seconds: float, why: str) -> None:
        self.append((seconds, why))


def fetched_ids(out: Path) -> list[str]:
    return [post["id"] for line in out.read_text().splitlines() for post in json.loads(line)["data"]]


def test_three_pages_with_a_429_in_between_give_every_tweet_once(
    api: RecentSearch, url: str, tmp_path: Path
) -> None:
    api.mishaps[1] = too_many_requests(reset_seconds=600)
    waits = Waits()
    out = tmp_path / "x.jsonl"
    state = Fetcher(out, TOKEN, base_url=url, wait=waits).fetch(QUERY, "2026-05-31T00:00:00Z")
    assert fetched_ids(out) == [post["id"] for post in POSTS]
    assert (state.pages, state.posts, state.complete) == (3, 250, True)
    assert len(waits) == 1
    assert 590 < waits[0][0] <= 602
    assert waits[0][1] == "X answers 429 Too Many Requests"
    assert [request.get("next_token") for request in api.requests] == [None, "t100", "t100", "t200"]
    assert all(request["query"] == QUERY for request in api.requests)
    assert all(request["start_time"] == "2026-05-31T00:00:00Z" for request in api.requests)
    assert {"expansions", "tweet.fields", "place.fields", "user.fields"} <= set(api.requests[0])


@pytest.mark.parametrize("pages_before", [1, 2])
def test_an_interrupted_fetch_goes_on_where_it_was(
    api: RecentSearch, url: str, tmp_path: Path, pages_before: int
) -> None:
    out = tmp_path / "x.jsonl"

    def interrupt(state: State) -> None:
        if state.pages == pages_before:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Fetcher(out, TOKEN, base_url=url, on_page=interrupt).fetch(QUERY, None)
    # It died while it wrote the next page, too.
    with out.open("ab") as file:
        file.write(b'{"data": [{"id": "1900')
    Fetcher(out, TOKEN, base_url=url).fetch(QUERY, None)
    assert fetched_ids(out) == [post["id"] for post in POSTS]
    assert len(api.requests) == 3


def test_a_limit_ends_a_fetch_and_a_higher_one_goes_on(api: RecentSearch, url: str, tmp_path: Path) -> None:
    out = tmp_path / "x.jsonl"
    assert not Fetcher(out, TOKEN, base_url=url).fetch(QUERY, None, limit=100).complete
    assert len(fetched_ids(out)) == 100
    assert Fetcher(out, TOKEN, base_url=url).fetch(QUERY, None, limit=1000).complete
    assert fetched_ids(out) == [post["id"] for post in POSTS]
    # All is there: nothing more is asked.
    Fetcher(out, TOKEN, base_url=url).fetch(QUERY, None)
    assert len(api.requests) == 3


def test_it_waits_before_x_has_to_ask_for_it(api: RecentSearch, url: str, tmp_path: Path) -> None:
    api.remaining = 1
    waits = Waits()
    Fetcher(tmp_path / "x.jsonl", TOKEN, base_url=url, wait=waits).fetch(QUERY, None)
    assert [why for _, why in waits] == ["the rate limit is used up"]


def test_without_a_time_of_reset_the_waits_grow(api: RecentSearch, url: str, tmp_path: Path) -> None:
    for number in range(3):
        api.mishaps[number] = problem(429, "Too Many Requests", "Too Many Requests")
    waits = Waits()
    Fetcher(tmp_path / "x.jsonl", TOKEN, base_url=url, wait=waits).fetch(QUERY, None)
    assert [seconds for seconds, _ in waits] == [1, 2, 4]


def test_a_moment_of_trouble_at_x_is_waited_out(api: RecentSearch, url: str, tmp_path: Path) -> None:
    api.mishaps = {0: problem(503, "Service Unavailable", "Over capacity"), 2: Answer(502, b"<html>")}
    waits = Waits()
    out = tmp_path / "x.jsonl"
    Fetcher(out, TOKEN, base_url=url, wait=waits).fetch(QUERY, None)
    assert fetched_ids(out) == [post["id"] for post in POSTS]
    assert [why for _, why in waits] == [
        "X answers 503 Service Unavailable: Over capacity",
        "X answers 502 Bad Gateway",
    ]


@pytest.mark.parametrize(
    ("mishap", "said"),
    [
        (problem(401, "Unauthorized", "Unauthorized"), "401 Unauthorized"),
        (
            problem(403, "Client Forbidden", "This token lacks access"),
            "403 Client Forbidden: This token lacks access",
        ),
        (
            Answer(
                400, b'{"errors":[{"message":"Invalid \'query\'"}],"title":"Invalid Request","detail":"One"}'
            ),
            "400 Invalid Request: One; Invalid 'query'",
        ),
        (
            Answer(429, b'{"title":"UsageCapExceeded","type":"https://api.x.com/2/problems/usage-capped"}'),
            "429 Usage",
        ),
        (Answer(200, b"<html>"), "no JSON"),
        (Answer(200, b"[]"), "no JSON object"),
        (
            Answer(200, b'{"account_id":1,"title":"UsageCapExceeded","detail":"Monthly product cap"}'),
            "UsageCap",
        ),
        (Answer(200, b'{"errors":[{"title":"x","detail":"nothing to see"}]}'), "nothing to see"),
        (Answer(302, b"", {"Location": "http://192.0.2.1/"}), "302"),
    ],
)
def test_what_waiting_does_not_mend_is_said_at_once(
    api: RecentSearch, url: str, tmp_path: Path, mishap: Answer, said: str
) -> None:
    api.mishaps[1] = mishap
    out = tmp_path / "x.jsonl"
    with pytest.raises(FetchError, match=re.escape(said)):
        Fetcher(out, TOKEN, base_url=url, wait=Waits()).fetch(QUERY, None)
    # What came before is kept, and the fetch can go on from there.
    assert len(fetched_ids(out)) == 100
    Fetcher(out, TOKEN, base_url=url).fetch(QUERY, None)
    assert fetched_ids(out) == [post["id"] for post in POSTS]


def test_a_problem_with_status_200_is_never_the_end(api: RecentSearch, url: str, tmp_path: Path) -> None:
    busy = b'{"title":"Too Many Requests","detail":"Too Many Requests","type":"about:blank","status":429}'
    api.mishaps = {1: Answer(200, busy), 2: Answer(200, busy.replace(b"429", b"503"))}
    waits = Waits()
    out = tmp_path / "x.jsonl"
    state = Fetcher(out, TOKEN, base_url=url, wait=waits).fetch(QUERY, None)
    assert (state.posts, state.complete, len(waits)) == (250, True, 2)


def test_errors_among_the_data_and_nulls_are_no_reason_to_stop(
    api: RecentSearch, url: str, tmp_path: Path
) -> None:
    first: dict[str, Any] = {"data": POSTS[:1], "includes": None, "meta": {"next_token": "t100"}}
    first["errors"] = [{"title": "Authorization Error", "detail": "Not authorized to see the Tweet."}]
    # A page may be empty and not the last.
    empty = {"data": None, "meta": {"result_count": 0, "next_token": "t200"}, "errors": None}
    api.mishaps = {0: Answer(200, json.dumps(first).encode()), 1: Answer(200, json.dumps(empty).encode())}
    out = tmp_path / "x.jsonl"
    state = Fetcher(out, TOKEN, base_url=url, wait=Waits()).fetch(QUERY, None)
    assert (state.pages, state.posts, state.complete) == (3, 51, True)


TOO_OLD = Answer(
    400,
    b'{"errors":[{"parameters":{"start_time":["2026-05-01T00:00Z"]},"message":"Invalid \'start_time\': it '
    b'must be on or after 2026-05-25T00:00Z"}],"title":"Invalid Request","detail":"One or more."}',
)


def test_a_fetch_resumed_too_late_says_why_and_how_to_go_on(
    api: RecentSearch, url: str, tmp_path: Path
) -> None:
    out = tmp_path / "x.jsonl"
    Fetcher(out, TOKEN, base_url=url).fetch(QUERY, "2026-05-01T00:00:00Z", limit=100)
    before = out.read_bytes()
    api.mishaps[len(api.requests)] = TOO_OLD
    with pytest.raises(FetchError) as refused:
        Fetcher(out, TOKEN, base_url=url).fetch(QUERY, "2026-05-01T00:00:00Z")
    said = str(refused.value)
    assert "must be on or after 2026-05-25" in said
    assert "The 100 posts" in said
    assert "new fetch into another --out" in said
    assert out.read_bytes() == before
    # Of one that has not begun there is nothing to go on with.
    api.mishaps[len(api.requests)] = TOO_OLD
    with pytest.raises(FetchError) as fresh:
        Fetcher(tmp_path / "other.jsonl", TOKEN, base_url=url).fetch(QUERY, "2026-05-01T00:00:00Z")
    assert "kept" not in str(fresh.value)


def test_an_x_that_stays_away_is_given_up(tmp_path: Path) -> None:
    with serving(lambda _: Answer(200)) as url:
        pass
    waits = Waits()
    with pytest.raises(FetchError, match="given up after 6 tries: X cannot be reached"):
        Fetcher(tmp_path / "x.jsonl", TOKEN, base_url=url, wait=waits).fetch(QUERY, None)
    assert len(waits) == MAX_FAILURES - 1


def test_nothing_found_is_an_end(url: str, api: RecentSearch, tmp_path: Path) -> None:
    api.posts = []
    state = Fetcher(tmp_path / "x.jsonl", TOKEN, base_url=url).fetch(QUERY, None)
    assert (state.posts, state.complete) == (0, True)


def test_a_file_of_something_else_is_left_alone(url: str, tmp_path: Path) -> None:
    out = tmp_path / "x.jsonl"
    out.write_text("mine")
    with pytest.raises(FetchError, match="remove it first"):
        Fetcher(out, TOKEN, base_url=url).fetch(QUERY, None)
    assert out.read_text() == "mine"
    out.unlink()
    Fetcher(out, TOKEN, base_url=url).fetch(QUERY, None)
    with pytest.raises(FetchError, match="another query"):
        Fetcher(out, TOKEN, base_url=url).fetch("nieve", None)


@pytest.mark.parametrize(
    ("token", "base_url", "complaint"),
    [
        ("", "https://api.x.com", "X_BEARER_TOKEN"),
        (TOKEN, "http://192.0.2.1", "https only"),
        (TOKEN, "http://no-such-name.invalid", "https only"),
    ],
)
def test_a_token_is_needed_and_never_sent_in_the_clear(
    tmp_path: Path, token: str, base_url: str, complaint: str
) -> None:
    with pytest.raises(FetchError, match=complaint):
        Fetcher(tmp_path / "x.jsonl", token, base_url=base_url)


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        ("3d", "2026-06-12T12:00:00Z"),
        ("90m", "2026-06-15T10:30:00Z"),
        ("12 h", "2026-06-15T00:00:00Z"),
        ("2026-06-14", "2026-06-14T00:00:00Z"),
        ("2026-06-14T08:00:00-06:00", "2026-06-14T14:00:00Z"),
    ],
)
def test_a_time_is_given_as_it_is_or_as_so_long_ago(since: str, expected: str) -> None:
    assert start_time(since, datetime(2026, 6, 15, 12, tzinfo=UTC)) == expected


def test_what_is_no_time_is_refused() -> None:
    with pytest.raises(ValueError, match="neither a time"):
        start_time("yesterday", datetime.now(UTC))


def test_the_command_line_waits_is_killed_goes_on_and_its_file_can_be_imported(
    api: RecentSearch, url: str, tmp_path: Path
) -> None:
    api.mishaps[1] = too_many_requests(reset_seconds=300)
    out = tmp_path / "x.jsonl"

    def run(*arguments: str) -> list[str]:
        return [sys.executable, "-m", "loadgen", *arguments]

    fetch = run("fetch-x", "--query", QUERY, "--since", "2d", "--out", str(out), "--base-url", url)
    surroundings: dict[str, Any] = {"env": os.environ | {"X_BEARER_TOKEN": TOKEN}, "cwd": tmp_path}
    with subprocess.Popen(fetch, stderr=subprocess.PIPE, **surroundings) as process:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while len(api.requests) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        # In the middle of the wait for X.
        process.send_signal(signal.SIGKILL)
    api.mishaps[2] = too_many_requests()
    done = subprocess.run(
        fetch, capture_output=True, text=True, timeout=DEADLINE_SECONDS, check=False, **surroundings
    )
    assert done.returncode == 0, done.stderr
    assert "250 posts on 3 pages" in done.stderr
    assert TOKEN not in done.stderr
    assert fetched_ids(out) == [post["id"] for post in POSTS]
    taken = tmp_path / "tweets.json"
    done = subprocess.run(
        run("import-x", str(out), "--out", str(taken)),
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
        **surroundings,
    )
    assert done.returncode == 0, done.stderr
    assert len(json.loads(taken.read_text("utf-8"))) == 250
    count = Count()
    assert len(take_over([out], clean=False, count=count)) == count.kept == 250
