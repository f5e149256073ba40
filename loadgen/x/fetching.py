"""Fetches posts from X's API v2, endpoint recent search, page by page into a file of JSON lines.

Each page is a line. Beside the file a state says how far it goes, so that a fetch that was interrupted goes
on where it was, and every post is there once: the state counts, and what was written after it is cut off.
"""

import os
import re
import time
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import requests

from loadgen.target import TargetError, addresses_of, resolve
from loadgen.x.pages import is_page, problem_of
from loadgen.x.posts import as_list, as_object
from weather_tweets.moments import moment

BASE_URL = "https://api.x.com"
PATH = "/2/tweets/search/recent"
# The most that the endpoint gives at once.
PAGE_SIZE = 100
TIMEOUT_SECONDS = 30.0
# Limits are per window of 15 minutes; where X does not say when it ends, the waits grow up to that.
WINDOW_SECONDS = 900.0
FIRST_BACKOFF_SECONDS = 1.0
MAX_FAILURES = 6
_USAGE_CAP = re.compile(r"usage-?capped|UsageCapExceeded", re.IGNORECASE)
# What a search that is resumed too late is told: the beginning of its time, or the page, is gone.
_TOO_OLD = re.compile(r"start_time|since_id|next_token|pagination_token", re.IGNORECASE)
_FIELDS = {
    "max_results": str(PAGE_SIZE),
    "tweet.fields": "author_id,created_at,geo,lang,note_tweet,referenced_tweets",
    "expansions": "author_id,geo.place_id",
    "place.fields": "country,country_code",
    "user.fields": "location",
}


class FetchError(RuntimeError):
    """X refused, or could not be reached; the message says what it said."""


class State(msgspec.Struct):
    """How far a fetch has come: `bytes` of the file are good, `next_token` begins the next page."""

    query: str
    start_time: str | None
    next_token: str | None = None
    pages: int = 0
    posts: int = 0
    bytes: int = 0
    complete: bool = False


def start_time(since: str, now: datetime) -> str:
    """`since` as the API wants it: a time in ISO 8601, or so long ago (`90m`, `12h`, `3d`).

    Raises `ValueError`.
    """
    return moment(since, now).strftime("%Y-%m-%dT%H:%M:%SZ")


class Fetcher:
    """One fetch. `wait(seconds, why)` is told to wait for X, `on_page(state)` of every page that is safe."""

    def __init__(
        self,
        out: Path,
        token: str,
        *,
        base_url: str = BASE_URL,
        wait: Callable[[float, str], None] = lambda seconds, _: time.sleep(seconds),
        on_page: Callable[[State], None] = lambda _: None,
        now: Callable[[], float] = time.time,
    ) -> None:
        if not token:
            raise FetchError("no bearer token is given (environment variable X_BEARER_TOKEN)")
        self._out = out
        self._url = _checked(base_url) + PATH
        self._wait = wait
        self._on_page = on_page
        self._now = now
        self._session = requests.Session()
        # Proxies and .netrc of the environment have no business with somebody's token.
        self._session.trust_env = False
        self._session.headers["Authorization"] = f"Bearer {token}"

    @property
    def state_path(self) -> Path:
        """The file with the state, beside the one with the posts."""
        return self._out.with_name(self._out.name + ".state")

    def fetch(self, query: str, since: str | None, *, limit: int | None = None) -> State:
        """Fetches all posts for the query, or goes on with what was begun; returns the state at the end.

        Ends after the page that reaches `limit` posts. Raises `FetchError`.
        """
        state = self._resumed(query, since)
        with self._out.open("r+b" if self._out.exists() else "w+b") as file:
            file.truncate(state.bytes)
            file.seek(state.bytes)
            while not state.complete and (limit is None or state.posts < limit):
                page = self._page(state)
                meta = as_object(page.get("meta"))
                if page.get("data"):
                    file.write(msgspec.json.encode(page) + b"\n")
                    file.flush()
                    os.fsync(file.fileno())
                state.bytes = file.tell()
                state.pages += 1
                state.posts += len(as_list(page.get("data")))
                state.next_token = meta.get("next_token")
                state.complete = state.next_token is None
                self._save(state)
                self._on_page(state)
        return state

    def _resumed(self, query: str, since: str | None) -> State:
        self._out.parent.mkdir(parents=True, exist_ok=True)
        if not self.state_path.exists():
            if self._out.exists() and self._out.stat().st_size:
                raise FetchError(f"{self._out} exists and is not the beginning of a fetch: remove it first")
            return State(query, since)
        state = msgspec.json.decode(self.state_path.read_bytes(), type=State)
        if state.query != query:
            raise FetchError(f"{self._out} is a fetch of another query ({state.query}): use another file")
        # A relative time has moved on since then; the fetch goes on with its own.
        return state

    def _save(self, state: State) -> None:
        draft = self.state_path.with_name(self.state_path.name + ".new")
        draft.write_bytes(msgspec.json.encode(state))
        draft.replace(self.state_path)

    def _page(self, state: State) -> dict[str, Any]:
        parameters = {"query": state.query, **_FIELDS}
        if state.start_time:
            parameters["start_time"] = state.start_time
        if state.next_token:
            parameters["next_token"] = state.next_token
        failures = 0
        while True:
            try:
                response = self._session.get(
                    self._url, params=parameters, timeout=TIMEOUT_SECONDS, allow_redirects=False
                )
            except requests.RequestException as error:
                problem = f"X cannot be reached: {type(error).__name__}"
                wait = FIRST_BACKOFF_SECONDS * 2**failures
            else:
                body = _body(response)
                status = _status(response, body)
                if status == HTTPStatus.OK:
                    self._spare_the_limit(response, body)
                    return body
                problem = _problem(response, body)
                wait = self._wait_after(
                    response, status, failures, f"{problem}{_way_on(self._out, state, problem)}"
                )
            failures += 1
            if failures >= MAX_FAILURES:
                raise FetchError(f"given up after {failures} tries: {problem}")
            self._wait(wait, problem)

    def _spare_the_limit(self, response: requests.Response, body: dict[str, Any]) -> None:
        if response.headers.get("x-rate-limit-remaining") == "0" and as_object(body.get("meta")).get(
            "next_token"
        ):
            # Better to wait now than to be told to.
            reset = self._until_reset(response)
            if reset is not None:
                self._wait(reset, "the rate limit is used up")

    def _wait_after(self, response: requests.Response, status: int, failures: int, problem: str) -> float:
        """How long to wait before the request is worth repeating; raises `FetchError` if it never is."""
        backoff: float = min(WINDOW_SECONDS, FIRST_BACKOFF_SECONDS * 2**failures)
        # The month's quota, whatever the status: no wait is of use.
        if not _USAGE_CAP.search(response.text):
            if status == HTTPStatus.TOO_MANY_REQUESTS:
                reset = self._until_reset(response)
                return backoff if reset is None else reset
            if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                return backoff
        raise FetchError(problem)

    def _until_reset(self, response: requests.Response) -> float | None:
        try:
            reset = float(response.headers["x-rate-limit-reset"])
        except (KeyError, ValueError):
            return None
        # The clock of X may differ from ours by a moment.
        return min(WINDOW_SECONDS, max(0.0, reset - self._now())) + 1.0


def _checked(base_url: str) -> str:
    parts = urlsplit(base_url)
    if parts.scheme != "https":
        # A token in the clear is for nobody but a test's server.
        try:
            resolve(base_url, lookup=addresses_of)
        except TargetError as error:
            raise FetchError(f"the token is sent by https only, except to this machine: {error}") from None
    return base_url.rstrip("/")


def _body(response: requests.Response) -> dict[str, Any]:
    """The object that X answers, an empty one for anything else."""
    try:
        return as_object(response.json())
    except requests.JSONDecodeError:
        return {}


def _status(response: requests.Response, body: dict[str, Any]) -> int:
    """The status, also where a problem comes with 200 and has its own in its body, or none at all."""
    if response.status_code != HTTPStatus.OK or is_page(body):
        return response.status_code
    status = body.get("status")
    return status if isinstance(status, int) and status != HTTPStatus.OK else HTTPStatus.BAD_REQUEST


def _problem(response: requests.Response, body: dict[str, Any]) -> str:
    """What X says of an error."""
    said = problem_of(body)
    if not said and response.status_code == HTTPStatus.OK:
        said = "what is neither posts nor a problem" if body else "what is no JSON object"
    return f"X answers {response.status_code} {said or response.reason}"


def _way_on(out: Path, state: State, problem: str) -> str:
    """What to do where a fetch that was begun cannot go on."""
    if not state.pages or not _TOO_OLD.search(problem):
        return ""
    return (
        f". The {state.posts:,} posts in {out} are kept, but X no longer has what comes next: it has the"
        " last seven days. Begin a new fetch into another --out, --since 6d or later: import-x takes both"
    )
