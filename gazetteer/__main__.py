"""`make gazetteer`: writes the table of places and the list of countries into `weather_tweets`."""

import sys
from collections import defaultdict
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import marisa_trie

import weather_tweets
from gazetteer import below_countries, countries
from weather_tweets.places import bag, gazetteer
from weather_tweets.places.folding import folded, key, words
from weather_tweets.places.gazetteer import BAG, ONE_LEFT_OUT, PART_OF, SORTED, Kind

Entry = tuple[str, Kind, str, int]
"""A key, what it is, the country's code (empty for none), and its fame."""

# Behind an unknown town, "PA" is Pennsylvania rather than Panama. On the scale of `Sense.fame`.
FAME_OF_A_CODE = 20
# Of ours: a nickname is known like a city of a million.
FAME = {"nickname": 120, "code": FAME_OF_A_CODE, "division_code": 30}
FOLDER = Path(weather_tweets.__file__).parent


def entries() -> Iterator[Entry]:
    """All that the table says."""
    names = countries.names()
    people = below_countries.fame_of_countries()
    for name, code in countries.codes():
        yield name, Kind.CODE, code, FAME_OF_A_CODE
    everyday = {key(name): code for kind, code, name in ours() if kind == "everyday"}
    for name, code in names.items():
        if everyday.get(name, code) == code:
            yield name, Kind.NAME, code, people[code]
    for name, code in countries.former():
        if name not in names:
            yield name, Kind.FORMER if code else Kind.WORD, code, people.get(code, 0)
    for name in countries.regions():
        yield name, Kind.REGION, "", 0
    for telling_words, code in countries.bags().items():
        yield BAG + telling_words, Kind.NAME, code, 0
    for kind, code, name in ours():
        found = PART_OF + name if kind == "territory" else key(name)
        fame = FAME.get(kind, people.get(code, 0))
        yield found, Kind[kind.upper()], code, fame
        if kind == "everyday" and len(telling := bag.telling(words(folded(name)))) > 1:
            yield BAG + bag.of(telling), Kind.EVERYDAY, code, fame
    for name in countries.long_names():
        if code := names.get(name, ""):
            yield f"{SORTED}{''.join(sorted(name))} {name}", Kind.NAME, code, 0
            yield ONE_LEFT_OUT + name, Kind.NAME, code, 0
            for i in range(len(name)):
                yield ONE_LEFT_OUT + name[:i] + name[i + 1 :], Kind.NAME, code, 0
    parts = {(name, code) for kind, code, name in ours() if kind == "territory"}
    for name, code, fame in below_countries.divisions():
        # Taiwan is counted as itself.
        if (names.get(name), code) not in parts:
            yield name, Kind.DIVISION, code, fame
    for name, code, fame in below_countries.codes_of_divisions():
        yield name, Kind.DIVISION_CODE, code, fame
    for name, code, fame in below_countries.cities():
        yield name, Kind.CITY, code, fame


def ours() -> Iterator[tuple[str, str, str]]:
    """Kind, country's code and text of what no gazetteer has, from `ours.tsv`."""
    for line in files(__package__).joinpath("ours.tsv").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            kind, code, names = line.split("\t")
            for name in names.split("|"):
                yield kind, code, name


def write(folder: Path = FOLDER) -> None:
    """Writes `countries.tsv` and the table; the same bytes from the same versions of the gazetteers."""
    table = folder / "places" / gazetteer.FILE
    table.parent.mkdir(exist_ok=True)
    (folder / "countries.tsv").write_text(
        "".join(f"{code}\t{name}\n" for code, name in countries.spanish().items()), "utf-8"
    )
    numbers = {code: number for number, code in enumerate(("ZZ", *countries.spanish()))}
    best: dict[tuple[str, Kind, str], int] = defaultdict(int)
    for name, kind, code, fame in entries():
        if name:
            best[name, kind, code] = max(fame, best[name, kind, code])
    records = [
        (name, (int(kind), numbers[code or "ZZ"], fame)) for (name, kind, code), fame in sorted(best.items())
    ]
    # Whoever has the old one mapped keeps it.
    new = table.with_suffix(".new")
    marisa_trie.RecordTrie(gazetteer.RECORD, records).save(str(new))
    new.replace(table)
    sys.stdout.write(f"{len(records):,} entries, {table.stat().st_size:,} bytes\n")


if __name__ == "__main__":
    write()
