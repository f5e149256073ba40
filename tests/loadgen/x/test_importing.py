import json
from pathlib import Path
from typing import Any

import pytest

from loadgen import dataset
from loadgen.text_file import FileError
from loadgen.x.importing import Count, ImportedTweet, Reason, cleaned, take_over

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
    return take_over(list(paths), clean=clean, count=count), count


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
    assert (count.read, count.kept) == (12, 6)
    assert count.by_country == {"Guatemala": 1, "Alemania": 1, "Perú": 4}
    assert count.left_out == {
        Reason.RETWEET: 2, Reason.SAME_TEXT: 1, Reason.SAME_ID: 1, Reason.NOWHERE: 1, Reason.UNKNOWN_PLACE: 1,
    }  # fmt: skip


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
    assert (count.read, count.kept) == (24, 6)
    assert (count.left_out[Reason.RETWEET], count.left_out[Reason.SAME_ID]) == (4, 11)


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
    assert imported(path, clean=True)[1].left_out == {Reason.EMPTY: 1}
    assert imported(path, clean=False)[1].kept == 1


V1_1 = {
    "created_at": "Wed Oct 10 20:19:24 +0000 2018",
    "id": 1050118621198921700,
    "id_str": "1050118621198921728",
    "text": "It rains, and it rains…",
    "truncated": True,
    "extended_tweet": {"full_text": "It rains, and it rains again"},
    "user": {"id_str": "1", "location": "Paris, France"},
    "place": None,
    "coordinates": None,
    "geo": None,
}
FLATTENED = {
    "id": 31,
    "text": "Storm coming",
    "author_id": 9031,
    "author": {"id": "9031", "location": "Dublin, Ireland"},
    "geo": {"place_id": "p", "full_name": "Wien", "country": "Österreich", "country_code": "AT"},
    "__twarc": {"version": "2.4.1"},
}


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        (V1_1, "FR"),
        (V1_1 | {"place": {"country": "Deutschland", "country_code": "DE"}}, "DE"),
        (V1_1 | {"coordinates": {"type": "Point", "coordinates": [-90.5069, 14.6349]}}, "GT"),
        (V1_1 | {"geo": {"type": "Point", "coordinates": [14.6349, -90.5069]}}, "GT"),
        (FLATTENED, "AT"),
        (FLATTENED | {"geo": None}, "IE"),
        (FLATTENED | {"geo": {"coordinates": {"type": "Point", "coordinates": [139.69, 35.68]}}}, "JP"),
        (FLATTENED | {"geo": {"place_id": "p", "full_name": "Lyon, France"}}, "FR"),
        # In the middle of the Atlantic nobody is near; nor is zero and zero a place.
        (FLATTENED | {"geo": {"coordinates": {"coordinates": [-40.0, 30.0]}}}, "IE"),
        (FLATTENED | {"geo": {"coordinates": {"coordinates": [0, 0]}}}, "IE"),
        (FLATTENED | {"geo": {"coordinates": {"coordinates": ["a", None]}}}, "IE"),
    ],
)
@pytest.mark.parametrize("wrapped", ["line", "array", "data", "statuses"])
def test_flattened_posts_and_those_of_v1_1_are_read(
    tmp_path: Path, changed: dict[str, Any], code: str, wrapped: str
) -> None:
    document = {"line": changed, "array": [changed]}.get(wrapped, {wrapped: [changed]})
    (tweet,), count = imported(write(tmp_path / "posts", document))
    assert (tweet.codigo, count.kept) == (code, 1)
    if "user" in changed:
        assert (tweet.text, tweet.hora) == ("It rains, and it rains again", "2018-10-10T20:19:24+00:00")


def test_null_is_absent_and_ids_may_be_numbers(tmp_path: Path) -> None:
    nulls = dict.fromkeys(("geo", "referenced_tweets", "lang", "created_at", "note_tweet", "includes"))
    posts = [{"id": 81, "text": "Frío", "author_id": 7, **nulls}, {"id": "81", "text": "otra vez", **nulls}]
    page = {
        "data": posts,
        "includes": {"users": [{"id": 7, "location": "Perú"}], "places": None},
        "meta": None,
    }
    tweets, count = imported(write(tmp_path / "page", {**page, "errors": None}))
    assert [(tweet.text, tweet.codigo) for tweet in tweets] == [("Frío", "PE")]
    assert count.left_out == {Reason.SAME_ID: 1}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_a_page_is_read_as_it_was_saved(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "page.json"
    path.write_bytes(json.dumps(PAGE, ensure_ascii=False, indent=2).encode(encoding))
    assert imported(path)[1].kept == 6


def test_documents_follow_one_another_indented_and_within_arrays(tmp_path: Path) -> None:
    pages_ = [{**PAGE, "data": [one]} for one in POSTS]
    path = tmp_path / "pages"
    path.write_text(
        "\n".join(json.dumps(page, indent=4) for page in ({"meta": {"result_count": 0}}, *pages_))
    )
    assert imported(path)[1].kept == 6
    path.write_text(json.dumps(pages_, indent=1))
    assert imported(path)[1].kept == 6


def test_what_any_file_includes_serves_all(tmp_path: Path) -> None:
    posts = write(tmp_path / "1", {"data": POSTS})
    includes = write(tmp_path / "2", {"includes": PAGE["includes"], "meta": {"result_count": 0}})
    assert imported(posts, includes)[1].kept == 6


def said_of(path: Path, content: str) -> tuple[list[ImportedTweet], list[str]]:
    path.write_bytes(content.encode())
    warnings: list[str] = []
    return take_over([path], clean=False, count=Count(), warn=warnings.append), warnings


LINE = json.dumps({"data": post(1, "Niebla", author_id="u1"), "includes": {"users": USERS}})
OTHER = json.dumps({"data": post(2, "Sol", author_id="u1")})


@pytest.mark.parametrize(
    "broken", ['{"data": {"author_id": "10', '{"data": {"id": "3", "text": "abc', "{", "[{"]
)
@pytest.mark.parametrize("after", ["", f"\n{OTHER}\n"])
def test_a_line_that_breaks_off_costs_itself(tmp_path: Path, broken: str, after: str) -> None:
    tweets, (warning,) = said_of(tmp_path / "lines", f"{LINE}\r\n\r\n{broken}{after}")
    assert [tweet.text for tweet in tweets] == ["Niebla", "Sol"][: 2 if after else 1]
    assert "left out" in warning


def test_a_stream_s_end_and_errors_among_data_are_told(tmp_path: Path) -> None:
    gone = '{"errors":[{"title":"operational-disconnect","detail":"Disconnected upstream."}]}'
    tweets, (warning,) = said_of(tmp_path / "lines", f"{LINE}\r\n\r\n\r\n{gone}\r\n{OTHER}\r\n")
    assert len(tweets) == 2
    assert "line 4" in warning
    assert "operational-disconnect: Disconnected upstream." in warning
    partial = json.dumps({**PAGE, "errors": [{"title": "Forbidden", "detail": "User has been suspended."}]})
    tweets, (warning,) = said_of(tmp_path / "page", partial)
    assert len(tweets) == 6
    assert "Forbidden: User has been suspended." in warning


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "empty"),
        ("nothing", "line 1, column 1"),
        ("[]", "no post"),
        ("{}", "neither a post nor a page"),
        ('{"data": [{"id": 1}]}', "without an id and a text"),
        ('{"data": []}\nnothing', "line 2"),
        ('[{"data": "x"}]', "line 1, column 2"),
        ('[{"texto": "Llueve", "país": "Guatemala"}]', "need no import"),
        ('{"title":"Too Many Requests","detail":"Wait","status":429}', "Too Many Requests: Wait"),
        ('{"errors":[{"message":"Over capacity","code":130}]}', "Over capacity"),
        (
            '{"title":"UsageCapExceeded","period":"Monthly","detail":"Monthly cap"}',
            "UsageCapExceeded: Monthly cap",
        ),
        ('{"meta":{"result_count":0},"errors":[{"title":"Gone"}]}', "Gone"),
    ],
)
def test_a_file_without_any_post_is_refused(tmp_path: Path, content: str, complaint: str) -> None:
    with pytest.raises(FileError, match=complaint):
        said_of(tmp_path / "page", content)


def test_an_empty_page_is_a_page(tmp_path: Path) -> None:
    assert said_of(tmp_path / "page", '{"meta":{"result_count":0,"next_token":"b26"}}') == ([], [])


def test_who_is_left_out_is_told_with_the_reason(tmp_path: Path) -> None:
    left_out: list[tuple[Reason, str]] = []
    take_over(
        [write(tmp_path / "page", PAGE)], clean=False, count=Count(),
        leave_out=lambda reason, each: left_out.append((reason, each.raw["id"])),
    )  # fmt: skip
    assert left_out == [
        (Reason.NOWHERE, "6"), (Reason.UNKNOWN_PLACE, "7"), (Reason.RETWEET, "8"), (Reason.RETWEET, "9"),
        (Reason.SAME_TEXT, "11"), (Reason.SAME_ID, "3"),
    ]  # fmt: skip
