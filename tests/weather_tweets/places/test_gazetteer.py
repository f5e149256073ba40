"""The table is what its generator makes of the locked gazetteers."""

from pathlib import Path

import gazetteer.__main__ as generator
import weather_tweets
from gazetteer import countries
from weather_tweets.places.folding import key


def test_the_table_is_what_make_gazetteer_writes(tmp_path: Path) -> None:
    generator.write(tmp_path)
    for name in ("countries.tsv", "places/places.marisa"):
        own = Path(weather_tweets.__file__).parent / name
        assert (tmp_path / name).read_bytes() == own.read_bytes(), f"run make gazetteer: {name}"


def test_what_is_ours_is_in_no_gazetteer() -> None:
    names = countries.names()
    # Up to three letters look like codes in a text: that they are a name has to be said.
    told_twice = [
        name
        for kind, code, name in generator.ours()
        if kind == "everyday" and len(key(name)) > 3 and names.get(key(name)) == code
    ]
    assert not told_twice
