"""The few of Grafana's transformations that the dashboards use."""

from collections.abc import Mapping, Sequence
from typing import Any

from grafana_foundation_sdk.models.dashboard import DataTransformerConfig, MatcherConfig


def rows_of_hash(*, name: str, value: str, ref_id: str | None = None) -> list[DataTransformerConfig]:
    """One row per column of a hash: its field under `name`, its value under `value`.

    With `ref_id` the hash of that query only, the others stay as they are.
    """
    # What has been reduced is known by a name of its own from then on.
    return [
        _transformation(
            "reduce", {"mode": "seriesToRows", "reducers": ["lastNotNull"], "labelsToFields": False}, ref_id
        ),
        renamed({"Field": name, "Last *": value}, ref_id=f"reduce-{ref_id}" if ref_id else None),
    ]


def sorted_by(field: str, *, descending: bool = True) -> DataTransformerConfig:
    """Rows by one column."""
    return _transformation("sortBy", {"fields": {}, "sort": [{"field": field, "desc": descending}]})


def first_rows(count: int) -> DataTransformerConfig:
    """No more than `count` rows."""
    return _transformation("limit", {"limitField": count})


def joined_by(field: str) -> DataTransformerConfig:
    """One table of all queries, with the rows whose `field` is in each of them."""
    return _transformation("joinByField", {"byField": field, "mode": "inner"})


def side_by_side() -> DataTransformerConfig:
    """One row of all queries' columns."""
    return _transformation("concatenate", {"frameNameMode": "drop"})


def difference(minuend: str, subtrahend: str, *, name: str) -> DataTransformerConfig:
    """A further column: one minus another."""
    return _transformation(
        "calculateField",
        {
            "mode": "binary",
            "binary": {"left": minuend, "operator": "-", "right": subtrahend},
            "alias": name,
            "replaceFields": False,
        },
    )


def renamed(
    names: Mapping[str, str], *, hidden: Sequence[str] = (), ref_id: str | None = None
) -> DataTransformerConfig:
    """Columns under other names, in the order given, and without the hidden ones."""
    return _transformation(
        "organize",
        {
            "renameByName": dict(names),
            "indexByName": {old: index for index, old in enumerate(names)},
            "excludeByName": dict.fromkeys(hidden, True),
            "includeByName": {},
        },
        ref_id,
    )


def _transformation(kind: str, options: dict[str, Any], ref_id: str | None = None) -> DataTransformerConfig:
    only = MatcherConfig(id_val="byRefId", options=ref_id) if ref_id else None
    return DataTransformerConfig(id_val=kind, options=options, filter_val=only)
