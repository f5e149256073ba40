import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import astuple

from streams.decoding import decoder
from tests.streams.records import record_batch, tweet

decode = decoder()


def test_our_own_records_are_decoded_as_they_are() -> None:
    tweets = [tweet("México", "MX"), tweet()]
    batch = decode(record_batch(tweets, first=7))
    assert [astuple(found) for found in batch.tweets] == [astuple(own) for own in tweets]
    assert list(batch.offsets) == [7, 8]
    assert (batch.start, batch.last, list(batch.dead)) == (7, 8, [])


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "no value"),
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"garbage", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[1, 2]", "must be a JSON object"),
        (b'"texto"', "must be a JSON object"),
        (b"{}", "texto"),
        (b'{"texto": "Llueve"}', "país"),
        (b'{"texto": "", "pais": "GT"}', "texto"),
        (b'{"texto": "a\\u0000", "pais": "GT"}', "control character"),
        (b'{"texto": "\\ud800", "pais": "GT"}', "not JSON"),
        (b'{"texto": "a", "pais": "GT", "id": "7"}', "UUID"),
    ],
)
def test_what_is_no_tweet_is_dead_with_its_reason_and_the_rest_goes_on(
    value: bytes | None, reason: str
) -> None:
    batch = decode(record_batch([tweet(), value, tweet()], first=3))
    assert list(batch.offsets) == [3, 5]
    (letter,) = batch.dead
    assert letter.offset == 4
    assert letter.value == value
    assert reason in letter.reason


def test_a_foreign_record_needs_a_text_and_a_country_only() -> None:
    batch = decode(record_batch(['{"texto": "Calor", "país": "mexico"}'.encode()]))
    (foreign,) = batch.tweets
    assert (foreign.text, foreign.country, foreign.code) == ("Calor", "México", "MX")
    assert foreign.at == 1_700_000_000_000


def test_the_id_of_a_foreign_record_is_the_same_each_time_and_differs_by_its_place() -> None:
    value = '{"texto": "Calor", "país": "GT"}'.encode()
    first, second = decode(record_batch([value, value])).tweets
    (again,) = decode(record_batch([value])).tweets
    (elsewhere,) = decode(record_batch([value], partition=1)).tweets
    assert first.id == again.id
    assert len({first.id, second.id, elsewhere.id}) == 3
    assert uuid.UUID(first.id).version == 5


@pytest.mark.parametrize(
    "value",
    [
        '{"id":"0198c2f4-8a51-7c3e-9d07-5b1f0e6a4c21","texto":"a","país":"Perú","codigo":"QQ","at":1}',
        '{"id":"0198C2F4-8A51-7C3E-9D07-5B1F0E6A4C21","texto":"a","país":"Peru","codigo":"","at":1}',
        '{"id":"0198c2f4-8a51-7c3e-9d07-5b1f0e6a4c21","texto":"a","país":"Peru","codigo":"PE","at":-1}',
        '{"id":"0198c2f4-8a51-7c3e-9d07-5b1f0e6a4c21","texto":"a","país":"PE","codigo":"PE","at":9e30}',
    ],
)
def test_a_record_that_only_looks_like_ours_is_taken_as_a_foreign_one(value: str) -> None:
    batch = decode(record_batch([value.encode()]))
    (found,) = batch.tweets
    assert (found.id, found.code) == ("0198c2f4-8a51-7c3e-9d07-5b1f0e6a4c21", "PE")
    assert found.at == 1_700_000_000_000


def test_what_comes_after_an_offset_is_left_of_a_batch() -> None:
    batch = decode(record_batch([tweet(), b"x", tweet(), b"y", tweet()], first=10)).after(12)
    assert list(batch.offsets) == [14]
    assert [letter.offset for letter in batch.dead] == [13]
    assert len(batch.tweets) == 1
    assert (batch.start, batch.last) == (13, 14)


@given(st.lists(st.binary(max_size=80) | st.none() | st.just(b'{"texto":"a","pais":"GT"}'), min_size=1))
def test_whatever_is_written_to_the_topic_each_record_is_one_of_two(values: list[bytes | None]) -> None:
    batch = decode(record_batch(values))
    assert sorted([*batch.offsets, *(letter.offset for letter in batch.dead)]) == list(range(len(values)))
