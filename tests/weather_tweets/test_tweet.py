import unicodedata
import uuid
from typing import Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weather_tweets import tweet
from weather_tweets.tweet import InvalidTweetError, from_submission

ID = "0198c2f4-8a51-7c3e-9d07-5b1f0e6a4c21"


def made(submission: object) -> tweet.Tweet:
    return from_submission(submission, at=1, new_id=ID)


def test_a_tweet_keeps_its_text_and_gets_the_canonical_country() -> None:
    assert made({"texto": "Llueve", "país": "USA"}) == tweet.Tweet(ID, "Llueve", "Estados Unidos", "US", 1)


@pytest.mark.parametrize(
    "keys", [("texto", "país"), ("text", "country"), ("texto", "pais"), ("TEXTO", "PAÍS")]
)
@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
def test_keys_may_have_any_spelling_and_normal_form(
    keys: tuple[str, str], form: Literal["NFC", "NFD", "NFKC", "NFKD"]
) -> None:
    text, country = (unicodedata.normalize(form, key) for key in keys)
    assert made({text: "Llueve", country: "Perú"}).code == "PE"


def test_text_and_country_are_stored_composed() -> None:
    accepted = made({"texto": "Lluvia en Bogota\u0301", "país": "Marte\u0301"})
    assert accepted.text == "Lluvia en Bogotá"
    assert (accepted.country, accepted.code) == ("Marté", "ZZ")


def test_an_id_of_the_client_wins_and_becomes_canonical() -> None:
    own = str(uuid.uuid4())
    assert made({"texto": "a", "país": "b", "id": own.upper()}).id == own


@pytest.mark.parametrize(
    ("submission", "field"),
    [
        ("text", ""),
        ([], ""),
        ({}, "texto"),
        ({"texto": None, "país": "Perú"}, "texto"),
        ({"texto": 1, "país": "Perú"}, "texto"),
        ({"texto": "", "país": "Perú"}, "texto"),
        ({"texto": " \n\u3000", "país": "Perú"}, "texto"),
        ({"texto": "a" * 4097, "país": "Perú"}, "texto"),
        ({"texto": "a\0b", "país": "Perú"}, "texto"),
        ({"texto": "a\x7f", "país": "Perú"}, "texto"),
        ({"texto": "\ud800", "país": "Perú"}, "texto"),
        ({"texto": "a"}, "país"),
        ({"texto": "a", "país": ""}, "país"),
        ({"texto": "a", "país": "P\neru"}, "país"),
        ({"texto": "a", "país": "P" * 129}, "país"),
        ({"texto": "a", "país": ["Perú"]}, "país"),
        ({"texto": "a", "país": "Perú", "id": "1"}, "id"),
        ({"texto": "a", "país": "Perú", "id": 7}, "id"),
    ],
)
def test_what_is_no_tweet_is_refused_by_the_name_of_its_field(submission: object, field: str) -> None:
    with pytest.raises(InvalidTweetError) as refusal:
        made(submission)
    assert refusal.value.field == field


def test_a_run_of_combining_marks_is_refused_before_it_is_sorted() -> None:
    # Normalising these takes minutes: the time-out of the tests would tell.
    for text in ("a" + "\u0301\u0316" * 500_000, "\u0f73" * 100_000):
        with pytest.raises(InvalidTweetError, match="at most"):
            made({"texto": text, "país": "Perú"})
    for text in ("a" * 29 + "\u0301\u0316" * 8000, "a" * 7 + "\u0301" * 31 + "a"):
        with pytest.raises(InvalidTweetError, match="combining"):
            made({"texto": text, "país": "Perú"})
    assert made({"texto": "a" * 7 + "\u0316" * 30 + "a", "país": "Perú"}).text
    with pytest.raises(InvalidTweetError, match="missing"):
        made({"a" + "\u0301\u0316" * 500_000: "a", "país": "Perú"})


def test_many_emoji_in_a_row_are_fine() -> None:
    assert made({"texto": "😂" * 280, "país": "Perú"}).text == "😂" * 280


@given(st.dictionaries(st.sampled_from(["texto", "país", "id", "x"]), st.text() | st.none() | st.integers()))
def test_whatever_is_accepted_can_be_read_back(submission: dict[str, object]) -> None:
    try:
        accepted = made(submission)
    except InvalidTweetError:
        return
    assert tweet.decode_many(tweet.encode([accepted])) == [accepted]
    assert msgspec.json.decode(tweet.encode(accepted)) == {
        "id": accepted.id,
        "texto": accepted.text,
        "país": accepted.country,
        "codigo": accepted.code,
        "at": 1,
    }
