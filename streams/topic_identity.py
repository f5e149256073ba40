"""What Kafka knows a topic by: its id, which is another when it is deleted and made anew (KIP-516)."""

import asyncio
from collections.abc import Iterable
from typing import NamedTuple

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import (
    IncompatibleBrokerVersion,
    NodeNotReadyError,
    UnknownTopicOrPartitionError,
    for_code,
)

from streams.metadata_request import MetadataRequest
from weather_tweets.kafka import client_options
from weather_tweets.settings import KafkaSettings


class Topic(NamedTuple):
    """A topic as it is just now."""

    id: str
    """As Kafka's own tools show it; empty if the broker is older than ids (Kafka 3.0)."""
    partitions: int


class Topics:
    """Asks Kafka for topics. Methods raise `KafkaError`, or `OSError`, when it is away."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._client: AIOKafkaClient | None = None

    async def describe(self, names: Iterable[str]) -> dict[str, Topic]:
        """Those of the topics that there are, as any one broker knows them: it may be seconds behind."""
        client = await self._connected()
        node = client.get_random_node()
        if node is None:
            raise NodeNotReadyError("no broker is known")
        return await self._ask(client, node, names)

    async def ids(self, name: str, timeout_seconds: float) -> set[str]:
        """What the brokers know the topic by, of all that answer in time; empty text from one that has none.

        More than one while some are behind. Raises `NodeNotReadyError` if none answers.
        """
        client = await self._connected()

        async def ask(node: int) -> dict[str, Topic]:
            async with asyncio.timeout(timeout_seconds):
                return await self._ask(client, node, [name])

        nodes = [broker.nodeId for broker in client.cluster.brokers()]
        answers = await asyncio.gather(*map(ask, nodes), return_exceptions=True)
        told = [answer for answer in answers if isinstance(answer, dict)]
        if not told:
            raise NodeNotReadyError(f"none of {len(nodes)} brokers answers")
        return {found[name].id if name in found else "" for found in told}

    async def _connected(self) -> AIOKafkaClient:
        if self._client is None:
            client = AIOKafkaClient(**client_options(self._settings))
            await client.bootstrap()
            self._client = client
        return self._client

    async def _ask(self, client: AIOKafkaClient, node: int, names: Iterable[str]) -> dict[str, Topic]:
        try:
            response = await client.send(node, MetadataRequest(names))
        except (IncompatibleBrokerVersion, NotImplementedError):
            return await self._without_ids(client, names)
        found = {}
        for code, name, id_, _, partitions, *_ in response.topics:
            error = for_code(code)
            if error is UnknownTopicOrPartitionError:
                continue
            if code:
                raise error(f"topic {name}")
            found[name] = Topic(id_, len(partitions))
        return found

    async def _without_ids(self, client: AIOKafkaClient, names: Iterable[str]) -> dict[str, Topic]:
        await client.set_topics(list(names))
        await client.force_metadata_update()
        return {
            name: Topic("", len(partitions))
            for name in names
            if (partitions := client.cluster.partitions_for_topic(name))
        }

    async def close(self) -> None:
        if self._client:
            await self._client.close()
            self._client = None
