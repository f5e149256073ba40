"""MongoDB: one document for each id, whoever comes first."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from random import Random
from typing import Any

from pymongo.errors import AutoReconnect, BulkWriteError

from tests.simulation.network import Host, Network

Document = dict[str, Any]


class Database:
    def __init__(self, chance: Random) -> None:
        self.documents: dict[str, Document] = {}
        self._chance = chance
        self.torn_writes = 0

    def insert(self, documents: Sequence[Document], *, may_break_off: bool) -> None:
        """Unordered; a primary that steps down in the middle has written some of them."""
        order = list(range(len(documents)))
        self._chance.shuffle(order)
        breaks_off = may_break_off and self._chance.random() < 0.02
        taken = []
        for index in order[: self._chance.randrange(len(order)) if breaks_off else None]:
            document = documents[index]
            if document["_id"] in self.documents:
                taken.append({"index": index, "code": 11000, "errmsg": "E11000 duplicate key"})
            else:
                self.documents[document["_id"]] = document
        if breaks_off:
            self.torn_writes += 1
            raise AutoReconnect("the primary stepped down")
        if taken:
            raise BulkWriteError({"writeErrors": taken, "writeConcernErrors": []})


class Collection:
    """What of pymongo's collection the tweet store uses, as one worker sees it."""

    def __init__(self, database: Database, network: Network, host: Host) -> None:
        self._database = database
        self._network = network
        self._host = host

    async def insert_many(self, documents: Sequence[Document], *, ordered: bool) -> None:
        assert not ordered
        await self._network.request(
            self._host,
            "mongo",
            lambda: self._database.insert(documents, may_break_off=self._network.lossy),
            AutoReconnect,
        )

    async def find(
        self, query: Mapping[str, Any], _projection: Mapping[str, int] | None = None
    ) -> AsyncIterator[Document]:
        def find() -> list[Document]:
            documents = self._database.documents
            if "_id" in query:
                return [documents[id_] for id_ in query["_id"]["$in"] if id_ in documents]
            return [document for document in documents.values() if _matches(document, query)]

        for document in await self._network.request(self._host, "mongo", find, AutoReconnect):
            yield document

    async def find_one(self, query: Mapping[str, Any], _projection: Mapping[str, int]) -> Document | None:
        async for document in self.find(query):
            return document
        return None

    async def aggregate(self, pipeline: Sequence[Mapping[str, Any]]) -> AsyncIterator[Document]:
        """Counts by code what matches a partition and a range of its offsets."""
        match, group = pipeline[0]["$match"], pipeline[1]["$group"]
        assert group == {"_id": "$code", "count": {"$sum": 1}}

        def count() -> Counter[str]:
            return Counter(d["code"] for d in self._database.documents.values() if _matches(d, match))

        found = await self._network.request(self._host, "mongo", count, AutoReconnect)

        async def counts() -> AsyncIterator[Document]:
            for code, number in found.items():
                yield {"_id": code, "count": number}

        return counts()


def _matches(document: Document, conditions: Mapping[str, Any]) -> bool:
    for field, wanted in conditions.items():
        value = document.get(field)
        match wanted:
            case {"$gte": first, "$lt": before}:
                if not first <= value < before:
                    return False
            case {"$gt": after}:
                if value <= after or value > wanted.get("$lte", value):
                    return False
            case {"$nin": values}:
                if value in values:
                    return False
            case {"$in": values}:
                if value not in values:
                    return False
            case _:
                if value != wanted:
                    return False
    return True
