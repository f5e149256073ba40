"""`audit --deep` on a running stack: it agrees, and finds what somebody did to single documents."""

import uuid
from typing import Any

from pymongo import MongoClient

from tests.running_stack import RunningStack


def test_a_deep_audit_agrees_and_finds_what_was_done_to_single_documents(stack: RunningStack) -> None:
    ids = [str(uuid.uuid4()) for _ in range(20)]
    for id_ in [*ids, ids[0]]:
        stack.post({"id": id_, "texto": "Llueve", "país": "Japón"})
    stack.audit()
    assert "All stores agree" in stack.cli("audit", "--deep")

    with MongoClient[dict[str, Any]](stack.endpoints.mongo) as client:
        tweets = client["weather"]["tweets"]
        deleted = tweets.find_one_and_delete({"_id": ids[3]})
        assert deleted is not None
        place = {field: deleted[field] for field in ("partition", "offset", "code", "life")}
        tweets.insert_one({"_id": "nobody", **place})
        try:
            answer = stack.cli_json("audit", "--deep", "--wait", "0", "--json", status=1)
        finally:
            tweets.insert_one(deleted)
            tweets.delete_one({"_id": "nobody"})
    said = "\n".join(answer["differences"])
    assert f"offsets {deleted['offset']} (Japón 1): {ids[3]}" in said
    assert f"1 documents that are no record of the topic: nobody (partition {place['partition']}, " in said
    assert sum(row["missing"] for row in answer["partitions"]) == 1
    assert stack.cli_json("audit", "--deep", "--json")["agree"]
