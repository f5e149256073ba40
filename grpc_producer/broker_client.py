"""aiokafka's client, made to learn from whichever broker answers, and to wait for none that does not."""

import asyncio
from collections.abc import Iterable
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.client import AIOKafkaClient, ConnectionGroup
from aiokafka.cluster import ClusterMetadata
from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.errors import KafkaError
from aiokafka.protocol.metadata import MetadataRequest

# A broker answers the requests of one connection one after another: news of the cluster would wait behind a
# batch that is not acknowledged, and that is when they are needed. Only transactions use this group else.
_NEWS = ConnectionGroup.COORDINATION

# Far more than an answer takes, and little enough to ask every broker within one pulse.
_NEXT_ASKED_SECONDS = 0.3
# The first word of a connection is sent again after one second when it was lost.
_CONNECT_SECONDS = 3.0


class BrokerClient(AIOKafkaClient):  # type: ignore[misc]
    """Asks several brokers for news of the cluster where one does not answer; the first answer counts.

    aiokafka's own asks one after another, waits for each as long as for a batch, on the same connection as
    these, and connects to one at a time: a broker that does not answer, or an acknowledgement that is not
    given, kept it from learning who leads instead. What waits for a broker that leads nothing any more fails
    at once, so that it is sent to who does.
    """

    _attempts: dict[tuple[Any, ConnectionGroup], "asyncio.Task[AIOKafkaConnection | None]"]

    def get_random_node(self) -> Any:
        """One to which there is a connection, where there is one."""
        known = [broker.nodeId for broker in self.cluster.brokers()]
        connected = [node for node in known if self._is_connected(node, _NEWS)]
        return connected[0] if connected else super().get_random_node()

    async def close(self) -> None:
        if self._sync_task:
            self._sync_task.cancel()
        attempts = list(self._attempts.values())
        for attempt in attempts:
            attempt.cancel()
        await asyncio.gather(*attempts, return_exceptions=True)
        await super().close()

    @property
    def _get_conn_lock(self) -> asyncio.Lock:
        """One for all would have every broker wait for the one that does not answer; see `_attempts`."""
        return asyncio.Lock()

    async def _get_conn(
        self,
        node_id: Any,
        *,
        group: ConnectionGroup = ConnectionGroup.DEFAULT,
        no_hint: bool = False,  # noqa: ARG002 (aiokafka's signature; it has no use for it either)
    ) -> AIOKafkaConnection | None:
        if self._is_connected(node_id, group):
            return self._conns[node_id, group]
        key = node_id, group
        attempt = self._attempts.get(key)
        if attempt is None:
            attempt = self._attempts[key] = asyncio.create_task(self._connect(node_id, group))
            attempt.add_done_callback(lambda _: self._attempts.pop(key, None))
        # Who asked may go away; the connection is of use to the next one. If the attempt is given up, that is
        # no cancellation of who waits for it.
        await asyncio.wait([attempt])
        return None if attempt.cancelled() else attempt.result()

    async def _connect(self, node_id: Any, group: ConnectionGroup) -> AIOKafkaConnection | None:
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                return await super()._get_conn(node_id, group=group)
        except TimeoutError:
            self.force_metadata_update()
            return None

    def _is_connected(self, node_id: Any, group: ConnectionGroup) -> bool:
        connection = self._conns.get((node_id, group))
        return connection is not None and connection.connected()

    async def _metadata_update(self, cluster_metadata: ClusterMetadata, topics: Iterable[str]) -> bool:
        answer = await self._first_answer(MetadataRequest(list(topics) if topics else None))
        if answer is None or not answer.brokers:
            # What is known stays: of no broker, nobody could be asked any more.
            cluster_metadata.failed_update(None)
            return False
        cluster_metadata.update_metadata(answer)
        if cluster_metadata is self.cluster:
            self._leave_the_deposed()
        return True

    async def _first_answer(self, request: MetadataRequest) -> Any:
        """The first one to answer; None where nobody does in the time that a request may take."""
        nodes = [broker.nodeId for broker in self.cluster.brokers()]
        nodes.sort(key=lambda node: not self._is_connected(node, _NEWS))
        asked: set[asyncio.Task[Any]] = set()
        try:
            while nodes or asked:
                if nodes:
                    asked.add(asyncio.create_task(self._ask(nodes.pop(0), request)))
                done, asked = await asyncio.wait(
                    asked,
                    timeout=_NEXT_ASKED_SECONDS if nodes else None,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                for answer in [task.result() for task in done]:
                    if answer is not None:
                        return answer
            return None
        finally:
            for task in asked:
                task.cancel()
            await asyncio.gather(*asked, return_exceptions=True)

    async def _ask(self, node_id: Any, request: MetadataRequest) -> Any:
        connection = await self._get_conn(node_id, group=_NEWS)
        if connection is None:
            return None
        try:
            return await connection.send(request)
        except (TimeoutError, asyncio.CancelledError) as error:
            # Another one was quicker, though asked later: it is not the first to be asked again, and where
            # nothing comes back, as from a machine that is gone, another address may be in its place.
            connection.close()
            if isinstance(error, asyncio.CancelledError):
                raise
            return None
        except KafkaError:
            return None

    def _leave_the_deposed(self) -> None:
        group = ConnectionGroup.DEFAULT
        for node, _ in [key for key in (*self._attempts, *self._conns) if key[1] is group]:
            if self.cluster.partitions_for_broker(node):
                continue
            if attempt := self._attempts.get((node, group)):
                attempt.cancel()
            connection = self._conns.get((node, group))
            if connection and connection._requests:
                connection.close(reason=CloseReason.CONNECTION_BROKEN)


class BrokerProducer(AIOKafkaProducer):  # type: ignore[misc]
    """aiokafka's producer, with this client."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        # It makes its client itself, and cannot be told of which class.
        self.client.__class__ = BrokerClient
        self.client._attempts = {}
