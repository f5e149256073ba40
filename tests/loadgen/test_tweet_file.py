"""Files of tweets as people make them: read, or refused with the place and what to do."""

import codecs
import json
import tracemalloc
from pathlib import Path

import pytest

from loadgen import documents, text_file
from loadgen.text_file import FileError
from loadgen.tweet_file import Keys, entries

RAIN = {"texto": "Llueve", "país": "Guatemala"}
SUN = {"texto": "Sol ☀", "país": "México"}
BOTH = [("Llueve", "Guatemala"), ("Sol ☀", "México")]


def dumped(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def read(path: Path, content: str | bytes, **keys: str) -> tuple[list[tuple[str, str]], list[str]]:
    """The tweets as pairs, and what was warned of."""
    path = path / "tweets.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    warnings: list[str] = []
    tweets = [(each.text, each.country) for each in entries(path, Keys(**keys), warnings.append)]
    return tweets, warnings


def refusal(path: Path, content: str | bytes, **keys: str) -> str:
    with pytest.raises(FileError) as refused:
        read(path, content, **keys)
    assert "tweets.json" in str(refused.value)
    return str(refused.value)


FORMS = {
    "an array": dumped([RAIN, SUN]),
    "an indented array": json.dumps([RAIN, SUN], indent=4),
    "an object a line": f"{dumped(RAIN)}\n{dumped(SUN)}\n",
    "lines of Windows with empty ones": f"{dumped(RAIN)}\r\n\r\n{dumped(SUN)}\r\n",
    "indented objects one after the other": f"{json.dumps(RAIN, indent=2)}\n{json.dumps(SUN, indent=2)}",
    "objects without anything between": dumped(RAIN) + dumped(SUN),
    "an array a line": f"[{dumped(RAIN)}]\n[{dumped(SUN)}]",
    "an array within an object": dumped({"fuente": "clase", "n": 2, "tweets": [RAIN, SUN]}),
    "an array deep within": dumped({"a": {"b": [{"c": {"d": [RAIN, SUN]}}]}}),
    "an array beside others": dumped({"alumnos": [{"nombre": "A"}], "tweets": [RAIN, SUN], "x": [1, [2]]}),
    "two arrays": dumped({"uno": [RAIN], "dos": [SUN]}),
    "arrays in an array": dumped([[RAIN], [SUN]]),
    "an object with an object in it": dumped({"uno": RAIN, "dos": SUN}),
    "records of RFC 7464": f"\x1e{dumped(RAIN)}\n\x1e{dumped(SUN)}\n",
    "a number that does not fit": dumped([RAIN, SUN]).replace(
        "{", '{"n": 1e999, "m": ' + "9" * 5000 + ", ", 1
    ),
}


@pytest.mark.parametrize("content", FORMS.values(), ids=FORMS.keys())
def test_every_form_is_read_without_a_word(tmp_path: Path, content: str) -> None:
    assert read(tmp_path, content) == (BOTH, [])


def test_a_single_object_is_a_tweet(tmp_path: Path) -> None:
    assert read(tmp_path, dumped(RAIN)) == (BOTH[:1], [])


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("texto", "pais"),
        ("TEXTO", "PAÍS"),
        ("Text", "Country"),
        ("texto ", "pai\u0301s"),
        ("text", "pa\u00eds"),
    ],
)
def test_keys_may_be_written_in_these_ways(tmp_path: Path, text: str, country: str) -> None:
    more = {"id": 7, "likes": None, "lista": [{"a": 1}]}
    assert read(tmp_path, dumped([more | {text: "Llueve", country: "Guatemala"}])) == (BOTH[:1], [])


ENCODINGS = {
    "UTF-8 with a mark": codecs.BOM_UTF8 + FORMS["an array"].encode(),
    "a mark before each of two files": (codecs.BOM_UTF8 + dumped(RAIN).encode() + b"\n") * 1
    + codecs.BOM_UTF8
    + dumped(SUN).encode(),
    "UTF-16": FORMS["an array"].encode("utf-16"),
    "UTF-16 big-endian": codecs.BOM_UTF16_BE + FORMS["an array"].encode("utf-16-be"),
    "UTF-16 without a mark": FORMS["an array"].encode("utf-16-le"),
    "UTF-32": FORMS["an array"].encode("utf-32"),
}


@pytest.mark.parametrize("content", ENCODINGS.values(), ids=ENCODINGS.keys())
def test_encodings_of_unicode_are_read(tmp_path: Path, content: bytes) -> None:
    assert read(tmp_path, content) == (BOTH, [])


def test_windows_1252_is_read_with_a_warning_that_names_the_first_place(tmp_path: Path) -> None:
    content = '[{"texto": "Sol",\n  "país": "España – “Madrid”"}]'.encode("cp1252")
    tweets, (warning,) = read(tmp_path, content)
    assert tweets == [("Sol", "España – “Madrid”")]
    assert "line 2, column 6" in warning
    assert "Windows-1252" in warning
    assert "save it as UTF-8" in warning


def test_windows_1252_is_found_however_late(tmp_path: Path) -> None:
    content = b"[" + b'{"texto": "Sol", "pais": "GT"},\n' * 70_000 + b'{"texto": "ma\xf1ana", "pais": "GT"}]'
    tweets, (warning,) = read(tmp_path, content)
    assert len(tweets) == 70_001
    assert tweets[-1] == ("mañana", "GT")
    assert "line 70001, column 14" in warning


@pytest.mark.parametrize(
    "content",
    [
        dumped([RAIN, SUN]).encode().replace("☀".encode(), b"\xff"),
        dumped([SUN, RAIN]).encode().replace(b"Llueve", b"Lluev\xe9"),
        b'[{"texto": "ma\xf1ana \x81", "pais": "GT"}]',
        b'[{"texto": "Sol", "pais": "GT"}]'.decode().encode("utf-16")[:-1],
    ],
)
def test_what_is_damaged_is_not_guessed_about(tmp_path: Path, content: bytes) -> None:
    assert "save it as UTF-8" in refusal(tmp_path, content)


LOOSE = {
    "the mission's own example": '{\n  "texto": "Llueve",\n  "país": "Guatemala",\n}\n',
    "several of them": '{"texto": "Llueve", "país": "Guatemala",},\n{"texto": "Sol ☀", "país": "México",},\n',
    "one a line": '{"texto": "Llueve", "país": "Guatemala",}\n{"texto": "Sol ☀", "país": "México",}\n',
    "a comma after the last element": f"[{dumped(RAIN)}, {dumped(SUN)},\n]",
    "comments": f"// de la clase\n[{dumped(RAIN)}, /* y */ {dumped(SUN)} // fin\n] /* eso es todo */",
    "comments within": '[{"texto": "Llueve", // "x": {\n "país": "Guatemala"}]',
    "other quotes": "[{'texto': 'Llueve', 'país': 'Guatemala'}]",
    "no quotes": '{texto: "Llueve", país: "Guatemala"}',
    "within an object": "{tweets: [{texto: 'Llueve', país: 'Guatemala',},],}",
    "a bracket in a text": '[{"texto": "Llueve", "país": "Guatemala", "x": "}],{[ \\" // ",}]',
}


@pytest.mark.parametrize("content", LOOSE.values(), ids=LOOSE.keys())
def test_json_with_liberties_is_read_with_one_warning(tmp_path: Path, content: str) -> None:
    tweets, (warning,) = read(tmp_path, content)
    assert tweets in (BOTH, BOTH[:1])
    assert len(tweets) == content.count("Llueve") + content.count("Sol")
    assert "JSON5" in warning


def test_liberties_late_in_a_large_file_are_read_once(tmp_path: Path) -> None:
    lines = [dumped({"texto": f"Llueve {n}", "pais": "GT"}) for n in range(20_000)]
    lines[15_000] = lines[15_000].replace("}", ",}")
    tweets, warnings = read(tmp_path, "[" + ",\n".join(lines) + ",]")
    assert [text for text, _ in tweets] == [f"Llueve {n}" for n in range(20_000)]
    assert len(warnings) == 1


KEYS = '[{"Descripción": "Hay neblina", "Lugar": "Guatemala", "Clima": "GT?"}]'


def test_other_keys_are_taken_when_they_are_named(tmp_path: Path) -> None:
    tweets, _ = read(tmp_path, KEYS, text="descripcion", country="LUGAR")
    assert tweets == [("Hay neblina", "Guatemala")]


def test_the_likely_ones_are_proposed(tmp_path: Path) -> None:
    said = refusal(tmp_path, KEYS)
    assert "line 1, column 2" in said
    assert '"Descripción", "Lugar", "Clima"' in said
    assert "--text-key Descripción --country-key Lugar" in said
    assert "--country-key Lugar" in refusal(tmp_path, KEYS, text="Descripción")
    assert "--text-key" not in refusal(tmp_path, KEYS, text="Descripción")


REFUSED = {
    "nothing": ("", "line 1, column 1", "no tweets"),
    "an empty array": ("[]", "line 1, column 3", "no tweets"),
    "blanks": (" \n\n ", "line 3, column 2", "no tweets"),
    "no JSON": ("nothing at all", "line 1, column 1", "no JSON"),
    "an array that breaks off": (f"[{dumped(RAIN)},\n", "line 2, column 1", "breaks off"),
    "a tweet that breaks off": (f'[{dumped(RAIN)},\n{{"texto": "Sol", "pa', "line 2", "no JSON"),
    "a comma that is missing": (f"[{dumped(RAIN)}\n {dumped(SUN)}]", "line 2, column 2", "comma is missing"),
    "a quote that is missing": ('[\n{"texto": "Sol, "país": "GT"}]', "line 2, column 18", "no JSON"),
    "a value that is missing": ('[{"texto": "Sol", "país": }]', "line 1, column 27", "no JSON"),
    "a text that is a number": (
        '[{"texto": 7, "pais": "GT"}]',
        "line 1, column 2",
        "texto: must be a string",
    ),
    "a text that is null": ('[{"texto": null, "pais": "GT"}]', "line 1, column 2", "texto: is missing"),
    "an empty country": ('[{"texto": "Sol", "pais": " "}]', "line 1, column 2", "país: must not be empty"),
    "a tweet without a country": (
        f'{dumped(RAIN)}\n{{"texto": "Sol", "ciudad": "Xela"}}\n',
        "line 2, column 1",
        "no country",
    ),
    "the first without a country": (
        f'[{{"texto": "Sol"}},\n{dumped(RAIN)}]',
        "line 1, column 2",
        "no country",
    ),
    "a number among them": (f"[{dumped(RAIN)}, 7]", "line 1, column 44", "no object"),
    "posts of X": ('[{"author_id": "1", "text": "Sol"}]', "line 1, column 2", "import-x"),
    "nested too deeply": ("[" * 100_000, "line 1", ""),
    "arrays of texts": ('{"a": ["b", "c"]}', "line 1", "no object"),
}


@pytest.mark.parametrize(("content", "place", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_a_refusal_names_line_and_column_and_what_is_wrong(
    tmp_path: Path, content: str, place: str, said: str
) -> None:
    message = refusal(tmp_path, content)
    assert place in message
    assert said in message


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="No such file"):
        list(entries(tmp_path / "absent.json"))


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_place_is_right_far_into_a_file(tmp_path: Path, wrapped: bool) -> None:
    lines = [dumped({"texto": f"Llueve {n} ☔", "pais": "GT"}) for n in range(30_000)]
    lines[29_000] = '{"texto": "Llueve", "pais": }'
    begin, end = ('{"n": 1, "tweets": [\n', "]}") if wrapped else ("[\n", "]")
    said = refusal(tmp_path, begin + ",\n".join(lines) + end)
    assert "line 29002, column 29" in said


@pytest.mark.parametrize("form", ["array", "lines", "wrapped", "loose"])
def test_a_file_of_any_length_takes_no_more_memory(
    tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Smaller than they are, so that a small file is a large one.
    monkeypatch.setattr(text_file, "_CHUNK_BYTES", 2**14)
    monkeypatch.setattr(documents, "_CHUNK_CHARACTERS", 2**14)
    monkeypatch.setattr(documents, "MAX_VALUE_CHARACTERS", 2**16)
    path = tmp_path / "tweets.json"
    begin, between, end = {
        "array": ("[", ",", "]"),
        "lines": ("", "", ""),
        "wrapped": ('{"meta": {"n": 1}, "tweets": [', ",", "]}"),
        "loose": ("[", ",", "]"),
    }[form]
    comma = "," if form == "loose" else ""

    def peak(count: int) -> int:
        with path.open("w") as file:
            file.write(begin)
            for number in range(count):
                file.write(
                    f'{between if number else ""}\n{{"texto": "Llueve {number}", "pais": "GT"{comma}}}'
                )
            file.write(end)
        tracemalloc.start()
        try:
            assert sum(1 for _ in entries(path)) == count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(20_000) < 1.2 * peak(4_000)
