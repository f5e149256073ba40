"""The two doors of the writer: what is no batch of tweets is not counted, and harms nobody."""

import json
from contextlib import suppress

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from tests.fuzz.conftest import WriterDoors
from tests.fuzz.mutations import mutated
from weather_tweets.tweet import decode_many

_TWEET = (
    '{"id":"0198c2f4-8a51-7c3e-9d07-5b1f0e6a4c21","texto":"Llueve","país":"Guatemala","codigo":"GT","at":1}'
).encode()
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_FRAMES = (
    st.integers(0, 5).map(lambda count: b"[" + b",".join([_TWEET] * count) + b"]")
    | mutated(b"[" + _TWEET + b"]")
    | _VALUES.map(msgspec.json.encode)
    | st.binary(max_size=50)
)


@given(frames=st.lists(st.tuples(_FRAMES, st.booleans()), min_size=1, max_size=4))
def test_a_feed_counts_until_it_says_what_is_no_batch(
    writer: WriterDoors, frames: list[tuple[bytes, bool]]
) -> None:
    with writer.feed() as feed:
        # It may have closed already.
        with suppress(ConnectionClosed):
            for frame, is_text in frames:
                feed.send(frame, text=is_text)
        for frame, is_text in frames:
            tweets = _tweets_in(frame) if is_text else None
            if tweets is None:
                assert _close_code(feed) == 1007
                break
            writer.fed += tweets


@given(sent=st.binary(max_size=200))
def test_any_bytes_in_place_of_frames_harm_nobody(writer: WriterDoors, sent: bytes) -> None:
    for path in ("/ingest", "/live"):
        with writer.upgraded(path) as connection:
            connection.sendall(sent)
    _sees_a_snapshot(writer)


@given(frames=st.lists(_FRAMES | st.text(max_size=50), max_size=4))
def test_what_a_viewer_says_is_ignored(writer: WriterDoors, frames: list[str | bytes]) -> None:
    with writer.viewer() as viewer:
        for frame in frames:
            viewer.send(frame)
    _sees_a_snapshot(writer)


def test_afterwards_everything_fed_is_counted_and_nothing_else(writer: WriterDoors) -> None:
    with writer.feed() as feed:
        feed.send(b"[" + _TWEET + b"]", text=True)
        writer.fed += 1
    writer.check()


def _tweets_in(frame: bytes) -> int | None:
    """How many tweets a text frame has; None if it is no batch."""
    try:
        return len(decode_many(frame.decode()))
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _close_code(connection: ClientConnection) -> int | None:
    try:
        while True:
            connection.recv(timeout=60)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None


def _sees_a_snapshot(writer: WriterDoors) -> None:
    with writer.viewer() as viewer:
        assert json.loads(viewer.recv(timeout=60))["type"] == "snapshot"
