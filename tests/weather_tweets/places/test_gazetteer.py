"""The table is what its generator makes of the locked gazetteers."""

from pathlib import Path

import gazetteer.__main__ as generator
import weather_tweets


def test_the_table_is_what_make_gazetteer_writes(tmp_path: Path) -> None:
    generator.write(tmp_path)
    for name in ("countries.tsv", "places/places.marisa"):
        own = Path(weather_tweets.__file__).parent / name
        assert (tmp_path / name).read_bytes() == own.read_bytes(), f"run make gazetteer: {name}"
