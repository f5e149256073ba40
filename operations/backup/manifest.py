"""What a backup says of itself; the last entry of its archive, so that one which was cut off has none."""

import msgspec

NAME = "manifest.json"
FORMAT = 2
"""Grows when an older program could not restore it any more."""
ONLY_TWEETS = 1
"""The format where nothing else is in it, which every program restores."""

TWEETS = "tweets"
"""Folder of the parts that have MongoDB's tweets; of others the folder is the collection's name."""


class Part(msgspec.Struct, frozen=True):
    """One entry of the archive: BSON documents, one after the other."""

    documents: int
    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    format: int
    version: str
    """Of the program that wrote it."""
    at: str
    """ISO 8601, UTC."""
    topic: str
    topic_id: str
    """Of the topic's life then, as Kafka shows it; empty where that is not known."""
    positions: dict[str, int]
    """By partition the offset up to which, and including which, every tweet that was counted is in it."""
    counted: int
    """Tweets that the tables had counted up to there."""
    parts: dict[str, Part]
    """By name of the entry, in their order."""
    kept_no_longer: int = 0
    """Of those that were counted, how many MongoDB had no longer because they were too old."""

    @property
    def documents(self) -> int:
        """How many tweets are in it."""
        return sum(part.documents for name, part in self.parts.items() if is_in(name, TWEETS))


def is_in(name: str, folder: str) -> bool:
    """Whether an entry is of a folder."""
    return name.startswith(f"{folder}/")
