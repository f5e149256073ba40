"""Whatever the bytes of a body, they are tweets or a problem."""

from collections.abc import Callable

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from gateway.announcement import has_lines
from gateway.problems import Problem
from gateway.submission import tweets
from weather_tweets.tweet import decode_many, encode

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
TWEETS = st.fixed_dictionaries(
    {}, optional={"texto": VALUES | st.text(), "país": VALUES | st.text(), "id": VALUES | st.uuids().map(str)}
)


def _outcome(judge: Callable[[], object]) -> int:
    """202, or the status of the problem."""
    try:
        judge()
    except Problem as problem:
        msgspec.json.encode(problem.members)
        return problem.status
    return 202


def _check(body: bytes, key: str | None, *, as_lines: bool = False) -> None:
    def judge() -> None:
        accepted, _ = tweets(body, key, as_lines=as_lines)
        assert 1 <= len(accepted) <= 1000
        # It can be written to every wire.
        assert decode_many(encode(accepted)) == accepted

    assert _outcome(judge) in (202, 400, 422)


@given(st.binary(max_size=200), st.none() | st.text())
def test_any_bytes(body: bytes, key: str | None) -> None:
    _check(body, key)


@given(VALUES | TWEETS | st.lists(TWEETS, max_size=5), st.none() | st.text() | st.uuids().map(str))
def test_any_json(submitted: object, key: str | None) -> None:
    _check(msgspec.json.encode(submitted), key)


@given(
    st.binary(max_size=200) | st.lists(VALUES | TWEETS, max_size=5).map(msgspec.json.Encoder().encode_lines)
)
def test_any_lines(body: bytes) -> None:
    _check(body, None, as_lines=True)


PARAMETERS = st.lists(
    st.sampled_from([";", " ", "charset", "=", '"', "utf-8", "a", ",", "\\", "%22"]), max_size=8
).map("".join)
MEDIA_TYPES = st.sampled_from(["application/json", "application/x-ndjson", "text/plain", ""])


@given(
    st.none() | st.text() | st.builds(str.__add__, MEDIA_TYPES, PARAMETERS),
    st.none() | st.text(),
    st.binary(),
)
def test_any_announcement(content_type: str | None, content_encoding: str | None, body: bytes) -> None:
    assert _outcome(lambda: has_lines(content_type, content_encoding, body)) in (202, 415)
