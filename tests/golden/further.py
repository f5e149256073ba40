"""Records as a later version may write them: each with a field that this version does not know."""

import json
from typing import Any

import msgspec

from tests.golden.snapshot import Record, Snapshot
from weather_tweets import redis_keys

FIELD = "from_the_future"
_JSON = {"since": "tomorrow", "of": [1, 2]}
_TEXT = "tomorrow"
_COUNTS_BY_NAME = (redis_keys.COUNTRIES, redis_keys.COUNTRY_CODES, redis_keys.LIVE_COUNTRIES)
"""Hashes whose fields are countries: there a further field is a further country."""


def with_further_field(snapshot: Snapshot) -> Snapshot:
    """The same with the field in every JSON object, document, hash and stream entry, and as a header."""
    return msgspec.structs.replace(
        snapshot,
        topics={
            topic: [[_record(record) for record in records] for records in partitions]
            for topic, partitions in snapshot.topics.items()
        },
        documents=[{**document, FIELD: _JSON} for document in snapshot.documents],
        hashes={
            key: fields if key in _COUNTS_BY_NAME else {**fields, FIELD: _TEXT}
            for key, fields in snapshot.hashes.items()
        },
        streams={
            key: [(id_, {**entry, FIELD: _TEXT}) for id_, entry in entries]
            for key, entries in snapshot.streams.items()
        },
    )


def _record(record: Record) -> Record:
    return msgspec.structs.replace(
        record, value=_value(record.value), headers=[*record.headers, (FIELD, _TEXT.encode())]
    )


def _value(value: bytes | None) -> bytes | None:
    try:
        content: Any = json.loads(value or b"")
    except ValueError:
        return value
    return json.dumps({**content, FIELD: _JSON}).encode() if isinstance(content, dict) else value
