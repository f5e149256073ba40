from importlib.resources import files
from pathlib import Path

import pytest

from loadgen.grammar import LANGUAGES as WRITTEN
from weather_tweets.kinds import KINDS, LANGUAGES, lexicon


def test_every_language_that_is_written_is_read() -> None:
    assert set(LANGUAGES) == set(WRITTEN)


def test_every_file_is_read() -> None:
    folder = files(lexicon.__package__) / "lexicon"
    assert {Path(file.name).stem for file in folder.iterdir() if file.name.endswith(".toml")} == {
        *LANGUAGES,
        lexicon.SIGNS,
    }


def test_every_language_has_words_for_every_kind() -> None:
    kinds: dict[str, set[str]] = {language: set() for language in (*LANGUAGES, lexicon.SIGNS)}
    for meanings in lexicon.read().meanings.values():
        for language, meaning in meanings.items():
            kinds[language] |= meaning.kinds
    assert all(kinds[language] == set(KINDS) for language in LANGUAGES)


def test_what_nobody_reads_is_refused() -> None:
    with pytest.raises(ValueError, match=r"es.toml: nobody reads drizzle"):
        lexicon.Lexicon().add("es", {"kinds": {"drizzle": "llovizna"}})
    with pytest.raises(ValueError, match="nobody reads idioms"):
        lexicon.Lexicon().add("es", {"idioms": "lluvia de ideas"})


def test_the_version_is_that_of_what_is_installed() -> None:
    assert lexicon.version() == lexicon.version()
    assert len(lexicon.version()) == 8
