"""The file of keys: what is taken, and what is said about the rest."""

import hashlib
from pathlib import Path

import pytest

from gateway.keys import key_file, token
from gateway.keys.key_file import Key, KeyFileError

HASH = hashlib.sha256(b"a").hexdigest()
OTHER = hashlib.sha256(b"b").hexdigest()
GOOD = f'a = {{sha256 = "{HASH}", rate = 1, burst = 1}}\n'


def test_a_line_is_read_as_the_key_it_was_written_for() -> None:
    keys = [
        Key("newsroom", (token.digest(b"a"),), 100, 1000),
        Key("a-b_9", (token.digest(b"b"), token.digest(b"c")), 0.5, 1, disabled=True),
    ]
    assert key_file.parse("\n".join(map(key_file.line, keys)).encode()) == keys


def test_tables_comments_and_a_byte_order_mark_are_fine() -> None:
    text = f'\ufeff# who\n[a]\nsha256 = ["{HASH.upper()}"]\nrate = 2.5\nburst = 3\n'
    assert key_file.parse(text.encode()) == [Key("a", (token.digest(b"a"),), 2.5, 3)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has none"),
        ("# nobody\n", "has none"),
        ("a = {", "end of document"),
        ("a = 1\n\nb = oops", "line 3"),
        (GOOD + GOOD, "has a name twice (line 2"),
        ("a = 1", "a must be a table"),
        (GOOD.replace(HASH, HASH[1:]), "a: sha256 must have 64"),
        (GOOD.replace(HASH, "g" * 64), "a: sha256 must have 64"),
        (GOOD.replace(f'"{HASH}"', "[]"), "a: sha256 may list 1 to 8"),
        (GOOD.replace(f'"{HASH}"', "7"), "a: sha256"),
        (GOOD.replace("rate = 1", "rate = 0"), "a: rate"),
        (GOOD.replace("rate = 1", "rate = nan"), "a: rate"),
        (GOOD.replace("rate = 1", "rate = inf"), "a: rate"),
        (GOOD.replace("rate = 1", "rate = true"), "a: rate"),
        (GOOD.replace("rate = 1, ", ""), "a: rate"),
        (GOOD.replace("burst = 1", "burst = 0"), "a: burst"),
        (GOOD.replace("burst = 1", "burst = 1.5"), "a: burst"),
        (GOOD.replace("burst", "bursts"), "a has a field"),
        (GOOD.replace("burst = 1", "burst = 1, disabled = 1"), "a: disabled"),
        (GOOD + GOOD.replace("a =", "b ="), "b has the same sha256 as a"),
        (GOOD.replace(f'"{HASH}"', f'["{HASH}", "{HASH}"]'), "a has the same sha256 as a"),
        (GOOD.replace("a =", '"a b" ='), "name 1 of the file"),
        (GOOD.replace("a =", f"{'a' * 65} ="), "name 1 of the file"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, said: str) -> None:
    with pytest.raises(KeyFileError) as error:
        key_file.parse(text.encode())
    assert said in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        'a = {{sha256 = "{key}", rate = 1, burst = 1}}',
        "{key} = {{}}",
        "a = {{sha256 = {key}}}",
        'a = {{{key} = "x"}}',
        "[{key}]\n[{key}]",
        "a = {{sha256 = '{key}'\n",
    ],
)
def test_a_key_that_was_put_there_by_mistake_is_in_no_error(text: str) -> None:
    key = token.new()
    with pytest.raises(KeyFileError) as error:
        key_file.parse(text.format(key=key).encode())
    assert key[3:10] not in str(error.value)


def test_other_encodings_are_named() -> None:
    with pytest.raises(KeyFileError, match="UTF-8"):
        key_file.parse(GOOD.encode("utf-16"))


def test_names_are_bounded() -> None:
    many = "\n".join(
        key_file.line(Key(f"n{number}", (token.digest(b"%d" % number),), 1, 1)) for number in range(1001)
    )
    with pytest.raises(KeyFileError, match="1,001"):
        key_file.parse(many.encode())


def test_a_file_that_is_not_there_is_told_how_to_make(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="weather-tweets keys new"):
        key_file.content(tmp_path / "keys.toml")


def test_keys_are_long_and_never_the_same() -> None:
    made = {token.new() for _ in range(100)}
    assert len(made) == 100
    # 43 characters of six bits each.
    assert {len(key) for key in made} == {len(token.PREFIX) + 43}
