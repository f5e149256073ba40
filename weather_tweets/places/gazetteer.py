"""The table of places, made by `make gazetteer`: what a key can mean, where, and how well it is known."""

from enum import IntEnum
from functools import cache
from importlib.resources import as_file, files
from typing import NamedTuple

import marisa_trie

from weather_tweets.countries import UNKNOWN, Country, by_code

FILE = "places.marisa"
RECORD = "<BBB"
BAG = "\x01"
"""Before the sorted words of a country's name."""
ONE_LEFT_OUT = "\x02"
"""Before a country's long name without one of its letters."""
SORTED = "\x03"
"""Before the sorted letters of a long name, a blank, and the name."""
PART_OF = "\x04"
"""Before the code of a country that belongs to another, or that another claims."""


class Kind(IntEnum):
    """What a place is; in its name in small letters it is the evidence for a country."""

    CODE = 1
    NAME = 2
    FORMER = 3
    EVERYDAY = 4
    DIVISION = 5
    DIVISION_CODE = 6
    CITY = 7
    NICKNAME = 8
    # Of no country.
    REGION = 9
    WORD = 10
    TERRITORY = 11
    # Never in the table.
    TYPING_ERROR = 12
    SCRIPT = 13
    FLAG = 14


class Sense(NamedTuple):
    """One meaning of a key; `fame` is 6 times the binary logarithm of the number of people it stands for."""

    kind: int
    country: int
    fame: int


COUNTRIES: tuple[Country, ...] = (UNKNOWN, *(known for known in by_code().values() if known is not UNKNOWN))
"""What `Sense.country` counts from."""


@cache
def table() -> "marisa_trie.RecordTrie":
    """The table, mapped into memory: all processes share its pages, read when they are asked for."""
    with as_file(files(__package__) / FILE) as path:
        return marisa_trie.RecordTrie(RECORD).mmap(str(path))
