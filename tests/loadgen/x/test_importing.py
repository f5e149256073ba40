import json
from pathlib import Path
from typing import Any

import pytest

from loadgen import dataset
from loadgen.x import pages
from loadgen.x.importing import Count, ImportedTweet, cleaned, take_over

PLACES = [
    {"id": "p1", "full_name": "Antigua, Guatemala", "country": "Guatemala", "country_code": "GT"},
    {"id": "p2", "country": "Deutschland"},
    {"id": "p3", "country": "Nowhere", "country_code": "QQ"},
]
USERS = [
    {"id": "u1", "name": "A", "username": "a", "location": "Lima, Perú"},
    {"id": "u2", "name": "B", "username": "b"},
    {"id": "u3", "name": "C", "username": "c", "location": "in your heart"},
]


def post(number: int, text: str, **more: Any) -> dict[str, Any]:
    return {
        "id": str(number),
        "text": text,
        "created_at": f"2026-06-01T10:{number % 60:02}:00.000Z",
        "edit_history_tweet_ids": [str(number)],
        "lang": "es",
        **more,
    }


def at(place: str) -> dict[str, Any]:
    return {"geo": {"place_id": place}}


POSTS = [
    post(5, "Llueve en Antigua", author_id="u2", **at("p1")),
    post(2, "Es regnet", author_id="u1", **at("p2")),
    post(3, "Qué frío", author_id="u1"),
    post(4, "Garúa", author_id="u1", **at("p3")),
    post(6, "¿Y el sol?", author_id="u2"),
    post(7, "Nublado", author_id="u3"),
    post(8, "RT @alguien: Llueve", author_id="u1"),
    post(9, "Llueve", author_id="u1", referenced_tweets=[{"type": "retweeted", "id": "1"}]),
    post(10, "Lo mismo digo", author_id="u1", referenced_tweets=[{"type": "quoted", "id": "1"}]),
    post(11, "Qué frío", author_id="u1"),
    post(3, "Qué frío, editado", author_id="u1"),
    post(
        12,
        "Qué calor &amp; qué sol…",
        author_id="u1",
        note_tweet={"text": "Qué calor &amp; qué sol, todo el día"},
    ),
]
PAGE = {"data": POSTS, "includes": {"places": PLACES, "users": USERS}, "meta": {"result_count": len(POSTS)}}


def imported(*paths: Path, clean: bool = False) -> tuple[list[ImportedTweet], Count]:
    count = Count()
    return take_over(paths, clean=clean, count=count), count


def write(path: Path, *documents: Any) -> Path:
    path.write_text("\n".join(json.dumps(document, ensure_ascii=False) for document in documents), "utf-8")
    return path


def test_original_tweets_with_a_country_are_kept_in_the_order_of_their_times(tmp_path: Path) -> None:
    tweets, count = imported(write(tmp_path / "page.json", PAGE))
    assert [(tweet.text, tweet.country, tweet.codigo) for tweet in tweets] == [
        ("Es regnet", "Alemania", "DE"),
        ("Qué frío", "Perú", "PE"),
        ("Garúa", "Perú", "PE"),
        ("Llueve en Antigua", "Guatemala", "GT"),
        ("Lo mismo digo", "Perú", "PE"),
        ("Qué calor & qué sol, todo el día", "Perú", "PE"),
    ]
    assert (tweets[0].idioma, tweets[0].hora) == ("es", "2026-06-01T10:02:00.000Z")
    assert count == Count(
        read=12, kept=6, retweets=2, duplicates=2, without_country=2, empty=0,
        by_country={"Guatemala": 1, "Alemania": 1, "Perú": 4},
    )  # fmt: skip


def test_the_forms_that_x_gives_say_the_same(tmp_path: Path) -> None:
    includes = PAGE["includes"]
    forms: dict[str, list[Any]] = {
        "page": [PAGE],
        "array": [[PAGE]],
        "pages": [
            {"data": POSTS[:5], "includes": includes},
            {"data": POSTS[5:], "includes": includes},
            {"meta": {}},
        ],
        "stream": [{"data": one, "includes": includes, "matching_rules": []} for one in POSTS],
        "posts": [{**one, "includes": includes} for one in POSTS],
    }
    results = [imported(write(tmp_path / name, *documents)) for name, documents in forms.items()]
    assert all(result == results[0] for result in results)


def test_a_tweet_in_two_files_is_one(tmp_path: Path) -> None:
    once, again = write(tmp_path / "1", PAGE), write(tmp_path / "2", PAGE)
    tweets, count = imported(once, again)
    assert len(tweets) == 6
    assert (count.read, count.kept, count.duplicates) == (24, 6, 2 + 10)


def test_the_result_is_a_file_that_the_swarm_reads(tmp_path: Path) -> None:
    tweets, _ = imported(write(tmp_path / "page.json", PAGE))
    dataset.write(tmp_path / "tweets.json", tweets)
    entries = dataset.read(tmp_path / "tweets.json")
    assert [entry.text for entry in entries] == [tweet.text for tweet in tweets]
    assert entries[0].at == "2026-06-01T10:02:00.000Z"


@pytest.mark.parametrize(
    ("text", "kept", "clean"),
    [
        (
            "@a @b_c Llueve https://t.co/x9 #lluvia",
            "@a @b_c Llueve https://t.co/x9 #lluvia",
            "Llueve #lluvia",
        ),
        ("Escriban a yo@example.com", "Escriban a yo@example.com", "Escriban a yo@example.com"),
        ("Frío  &lt;3\n\n  y más", "Frío <3\n\ny más", "Frío <3\n\ny más"),
        ("Nul\x00o\u0007", "Nulo", "Nulo"),
        ("cafe\u0301", "café", "café"),
        ("https://t.co/a", "https://t.co/a", ""),
        ("x" * 5000, "x" * 4096, "x" * 4096),
    ],
)
def test_texts_are_cleaned_as_far_as_asked(text: str, kept: str, clean: str) -> None:
    assert cleaned(text, without_names=False) == kept
    assert cleaned(text, without_names=True) == clean


def test_what_is_nothing_without_links_is_counted(tmp_path: Path) -> None:
    page = {"data": [post(1, "https://t.co/a", author_id="u1")], "includes": {"users": USERS}}
    path = write(tmp_path / "page.json", page)
    assert imported(path, clean=True)[1].empty == 1
    assert imported(path, clean=False)[1].kept == 1


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ('{"data": [{"id": 1}]}', "the document"),
        ('{"data": []}\n{"data": [{"text": "no id"}]}', "line 2"),
        ('{"data": []}\nnothing', "line 2"),
        ('[{"data": "x"}]', "element 0"),
    ],
)
def test_what_x_never_gives_is_refused_with_its_place(tmp_path: Path, content: str, complaint: str) -> None:
    path = tmp_path / "page.json"
    path.write_text(content)
    with pytest.raises(pages.PageError, match=complaint):
        imported(path)
