"""Which document is which record, and what is said of those that are none."""

import ast
from array import array
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from operations import committed_log
from operations.deep_audit import recount as recount_module
from operations.deep_audit.comparison import Published, Snapshot, differences, ranges
from operations.deep_audit.documents import Document, Matching, match
from operations.deep_audit.recount import (
    DEAD,
    DERIVED_ID,
    EMPTY,
    FIRST_COUNTRY,
    NO_ID,
    RETIRED,
    PartitionRecount,
    codes,
    key_of,
)  # fmt: skip
from streams.retention import Retired
from streams.tally import Tally

GT = FIRST_COUNTRY + codes().index("GT")
LIFE = 7


def _recount(*records: str, beginning: int = 0) -> PartitionRecount:
    """Of tweets by their ids; `x` is a dead letter, `-` an empty offset, `?` a tweet without an id."""
    kinds = {"x": DEAD, "-": EMPTY}
    keys = {"x": NO_ID, "-": NO_ID, "?": DERIVED_ID}
    return PartitionRecount(
        beginning,
        beginning + len(records),
        array("H", [kinds.get(record, GT) for record in records]),
        array("Q", [keys.get(record, key_of(record)) for record in records]),
    )


def _document(id_: str, offset: int, partition: int = 0, code: str = "GT", life: int = LIFE) -> Document:
    return Document(id_, partition, offset, code, life)


def _found(matching: Matching, **tally: int) -> list[str]:
    matched = matching.partitions[0]
    counts: dict[str, Any] = {
        "offset": matched.recount.end - 1, "messages": matched.messages().total(), "dead": matched.dead,
        "repeats": matched.repeats, "empty": matched.empty, "earlier": 0,
    } | tally  # fmt: skip
    names = {"Guatemala": counts["messages"]}
    published = {0: Published(counts["offset"], counts["messages"], names)}
    snapshot = Snapshot(
        {"partitions": {"0": counts}, "countries": names}, published, names, {"messages": counts["messages"]}
    )
    return list(differences(snapshot, matching, {(0, 1): "b"}))


def test_every_offset_is_a_message_a_dead_letter_a_repeat_or_empty() -> None:
    found = [_document("a", 0), _document("b", 1), _document("derived", 5)]
    matching = match({0: _recount("a", "b", "x", "a", "-", "?")}, found, earlier_lives=False)
    matched = matching.partitions[0]
    assert matched.messages() == {"GT": 3}
    assert (matched.dead, matched.repeats, matched.empty, matched.missing) == (1, 1, 1, [])
    assert matched.messages(before=1) == {"GT": 1}
    assert _found(matching) == []


def test_a_document_that_is_missing_is_named_with_its_offset_its_country_and_its_id() -> None:
    matching = match({0: _recount("a", "b", "b")}, [_document("a", 0)], earlier_lives=False)
    assert _found(matching) == ["MongoDB lacks 2 of partition 0, offsets 1–2 (Guatemala 2): b"]
    assert matching.partitions[0].messages() == {"GT": 2}


def test_a_document_that_nobody_wrote_is_named() -> None:
    found = [_document("a", 0), _document("z", 0), _document("y", 3, partition=-1)]
    (difference,) = _found(match({0: _recount("a")}, found, earlier_lives=False))
    assert "2 documents that are no record of the topic: z (partition 0, offset 0)" in difference


def test_a_document_with_another_country_is_named() -> None:
    matching = match({0: _recount("a")}, [_document("a", 0, code="MX")], earlier_lives=False)
    (difference,) = _found(matching)
    assert difference.startswith("MongoDB has MX for a,")


def test_what_the_topic_no_longer_has_is_counted_by_its_documents() -> None:
    """Retention took the first two; a third is of a topic that was deleted and made anew."""
    found = [_document("a", 0), _document("b", 1), _document("c", 2), _document("old", 2, life=3)]
    matching = match({0: _recount("c", beginning=2)}, found, earlier_lives=True)
    assert matching.strangers == []
    assert matching.partitions[0].messages() == {"GT": 4}


def test_a_document_of_an_earlier_life_counts_also_beyond_the_end_of_the_present_one() -> None:
    found = [_document("old", 5, life=3), _document("new", 5), _document("same", 0, life=3)]
    matching = match({0: _recount("same", "same")}, found, earlier_lives=True, life=LIFE)
    assert matching.partitions[0].messages() == {"GT": 2}
    assert matching.partitions[0].repeats == 2
    assert matching.strangers == []


def test_documents_that_came_after_the_snapshot_are_nobodys_business() -> None:
    matching = match({0: _recount("a")}, [_document("a", 0), _document("new", 9)], earlier_lives=False)
    assert _found(matching) == []


@pytest.mark.parametrize("field", ["messages", "dead", "repeats", "empty"])
def test_a_table_that_counts_otherwise_is_named_with_its_partition(field: str) -> None:
    found = match({0: _recount("a", "x", "a", "-")}, [_document("a", 0)], earlier_lives=False)
    assert any(
        difference.startswith(f"partition 0: the tables count 9 {field} up to offset 3, the topic has 1")
        for difference in _found(found, **{field: 9})
    )


def test_offsets_are_shown_as_ranges() -> None:
    assert ranges([3, 4, 5, 9]) == "3–5, 9"
    assert ranges(range(0, 2_000, 2)) == "0, 2, 4, 6, 8, and 995 more ranges"


@pytest.mark.parametrize("module", [recount_module, committed_log])
def test_the_recount_shares_no_code_with_the_stream_workers(module: ModuleType) -> None:
    tree = ast.parse(Path(module.__file__ or "").read_text(encoding="utf-8"))
    imported = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    others = ("streams", "operations.")
    assert not [name for name in imported if name.startswith(others)]


_HOUR = datetime(2026, 11, 25, 12, tzinfo=UTC)


def _retired(gone: int, upto: int) -> dict[int, Retired]:
    tally = Tally(offset=upto, messages=gone)
    return {0: Retired(0, _HOUR, {LIFE: upto}, {LIFE: {"GT": gone}}, tally)}


def test_what_is_kept_no_longer_is_neither_missing_nor_a_stranger() -> None:
    """Of four old records one was a repeat; one document is still there; a repeat of one came later."""
    records = _recount("a", "b", "a", "c", "d", "x", "b", "e")
    for offset in range(4):
        records.kinds[offset] = RETIRED
    left = _document("b", 1)._replace(accepted_at=_HOUR.replace(tzinfo=None) - timedelta(seconds=1))
    kept = [_document("d", 4)._replace(accepted_at=_HOUR.replace(tzinfo=None)), _document("e", 7)]
    matching = match({0: records}, [left, *kept], earlier_lives=False, life=LIFE, retired=_retired(3, 3))
    matched = matching.partitions[0]
    assert (matched.messages(), matched.missing) == ({"GT": 5}, [])
    assert (matched.repeats, matched.dead, matched.empty) == (2, 1, 0)
    assert not matching.strangers
    assert not _found(matching)


def test_of_the_log_that_lost_its_beginning_what_is_kept_no_longer_counts_too() -> None:
    records = _recount("a", "b", beginning=40)
    records.kinds[0] = RETIRED
    matching = match(
        {0: records}, [_document("b", 41)], earlier_lives=False, life=LIFE, retired=_retired(30, 40)
    )
    matched = matching.partitions[0]
    assert (matched.messages(), matched.missing, matched.repeats) == ({"GT": 31}, [], 0)
    assert not _found(matching)


def test_an_old_tweet_that_the_history_had_not_counted_yet_is_missed() -> None:
    records = _recount("a", "b")
    records.kinds[0] = RETIRED
    late = _document("c", 1)._replace(accepted_at=datetime(2026, 1, 1))
    matching = match({0: records}, [late], earlier_lives=False, life=LIFE, retired=_retired(1, 0))
    assert matching.partitions[0].missing == [1]
