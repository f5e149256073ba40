"""MongoDB's collection of the history: of its language as much as `streams.history_store` speaks."""

from collections.abc import AsyncIterator, Mapping, Sequence
from copy import deepcopy
from random import Random
from types import SimpleNamespace
from typing import Any

from pymongo import UpdateOne
from pymongo.errors import AutoReconnect, BulkWriteError, DuplicateKeyError

from tests.simulation.network import Host, Network

Document = dict[str, Any]


class Documents:
    """What all workers see."""

    def __init__(self, chance: Random) -> None:
        self.by_id: dict[str, Document] = {}
        self._chance = chance
        self.overtaken = 0
        """How often somebody wrote what another had written."""

    def write(self, updates: Sequence[UpdateOne], *, may_break_off: bool) -> SimpleNamespace:
        """Unordered; may break off in the middle."""
        order = list(range(len(updates)))
        self._chance.shuffle(order)
        breaks_off = may_break_off and self._chance.random() < 0.05
        matched, failures = 0, []
        for index in order[: self._chance.randrange(len(order)) if breaks_off else None]:
            update = updates[index]
            document = self.by_id.get(update._filter["_id"])
            if document is not None and _matches(document, update._filter):
                _apply(document, update._doc)  # type: ignore[arg-type]
                matched += 1
            elif update._upsert and document is None:
                equal = {field: value for field, value in update._filter.items() if isinstance(value, str)}
                document = self.by_id[equal["_id"]] = {**equal, "upto": {}}
                _apply(document, update._doc)  # type: ignore[arg-type]
            elif update._upsert:
                failures.append({"index": index, "code": 11000, "errmsg": "E11000 duplicate key"})
        if breaks_off:
            raise AutoReconnect("the primary stepped down")
        if failures:
            self.overtaken += 1
            raise BulkWriteError({"writeErrors": failures, "writeConcernErrors": []})
        return SimpleNamespace(matched_count=matched)

    def insert(self, document: Document) -> None:
        if document["_id"] in self.by_id:
            raise DuplicateKeyError("E11000 duplicate key", 11000)
        self.by_id[document["_id"]] = deepcopy(document)

    def delete(self, conditions: Mapping[str, Any]) -> None:
        for id_ in [id_ for id_, document in self.by_id.items() if _matches(document, conditions)]:
            del self.by_id[id_]

    def find(self, query: Mapping[str, Any]) -> list[Document]:
        if "$in" in query.get("_id", ()):
            return [deepcopy(self.by_id[id_]) for id_ in query["_id"]["$in"] if id_ in self.by_id]
        return [deepcopy(document) for document in self.by_id.values() if _matches(document, query)]


class History:
    """What of pymongo's collection the history's store uses, as one worker sees it."""

    def __init__(self, documents: Documents, network: Network, host: Host) -> None:
        self._documents = documents
        self._network = network
        self._host = host

    async def bulk_write(self, updates: Sequence[UpdateOne], *, ordered: bool) -> Any:
        assert not ordered
        lossy = self._network.lossy
        return await self._ask(lambda: self._documents.write(updates, may_break_off=lossy))

    async def insert_one(self, document: Document) -> None:
        await self._ask(lambda: self._documents.insert(document))

    async def delete_many(self, conditions: Mapping[str, Any]) -> None:
        await self._ask(lambda: self._documents.delete(conditions))

    delete_one = delete_many

    async def find(
        self, query: Mapping[str, Any], _projection: Mapping[str, int] | None = None
    ) -> AsyncIterator[Document]:
        for document in await self._ask(lambda: self._documents.find(query)):
            yield document

    async def _ask(self, question: Any) -> Any:
        return await self._network.request(self._host, "mongo", question, AutoReconnect)


def _matches(document: Document, conditions: Mapping[str, Any]) -> bool:
    for field, wanted in conditions.items():
        value: Any = document
        for name in field.split("."):
            value = value.get(name) if value is not None else None
        match wanted:
            case {"$not": {"$gt": most}}:
                if value is not None and value > most:
                    return False
            case {"$gte": first, "$lt": before}:
                if not first <= value < before:
                    return False
            case {"$lt": before}:
                if value is None or value >= before:
                    return False
            case _:
                if value != wanted:
                    return False
    return True


def _apply(document: Document, change: Mapping[str, Mapping[str, Any]]) -> None:
    for operator, fields in change.items():
        for field, operand in fields.items():
            *path, name = field.split(".")
            inner = document
            for step in path:
                inner = inner.setdefault(step, {})
            match operator:
                case "$set":
                    inner[name] = operand
                case "$unset":
                    inner.pop(name, None)
                case "$inc":
                    inner[name] = inner.get(name, 0) + operand
                case "$max":
                    inner[name] = max(inner.get(name, operand), operand)
                case _:
                    raise NotImplementedError(operator)
