import asyncio
import uuid
from types import SimpleNamespace

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import NodeNotReadyError, UnknownTopicOrPartitionError

from operations.local.kafka import Kafka
from streams.consumed_log import ConsumedLog
from streams.topic_identity import Topic, Topics
from weather_tweets.settings import KafkaSettings


async def test_a_topic_made_anew_has_another_id_and_one_that_is_not_there_is_left_out(kafka: Kafka) -> None:
    name = f"t{uuid.uuid4().hex[:10]}"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    topics = Topics(KafkaSettings(bootstrap_servers=kafka.bootstrap_servers))
    await admin.start()
    try:
        assert await topics.describe([name]) == {}
        seen: list[Topic] = []
        for partitions in (2, 4):
            await admin.create_topics([NewTopic(name, partitions, 1)])
            while not (found := await topics.describe([name, "another"])):
                await asyncio.sleep(0.05)
            assert await topics.describe([name]) == found
            seen.append(found[name])
            assert await topics.ids(name, 3.0) == {found[name].id}
            await admin.delete_topics([name])
            while await topics.describe([name]):
                await asyncio.sleep(0.05)
        assert [topic.partitions for topic in seen] == [2, 4]
        assert len({topic.id for topic in seen} - {""}) == 2
    finally:
        await topics.close()
        await admin.close()


async def test_of_a_broker_without_ids_the_partitions_are_told(kafka: Kafka) -> None:
    name = f"t{uuid.uuid4().hex[:10]}"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    topics = Topics(KafkaSettings(bootstrap_servers=kafka.bootstrap_servers))
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, 2, 1)])
        while not await topics.describe([name]):
            await asyncio.sleep(0.05)
        assert topics._client is not None
        assert await topics._without_ids(topics._client, [name]) == {name: Topic("", 2)}
    finally:
        await topics.close()
        await admin.close()


class Brokers:
    """Several brokers in place of a client of theirs: what each knows the topic by, or its error."""

    def __init__(self, *known: str | Exception | None) -> None:
        self._known = known
        self.cluster = SimpleNamespace(
            brokers=lambda: [SimpleNamespace(nodeId=node) for node in range(len(known))]
        )

    async def send(self, node: int, _: object) -> SimpleNamespace:
        match self._known[node]:
            case Exception() as error:
                raise error
            case None:
                return SimpleNamespace(topics=[(UnknownTopicOrPartitionError.errno, "t", "", False, [])])
            case id_:
                return SimpleNamespace(topics=[(0, "t", id_, False, [None])])


@pytest.mark.parametrize(
    ("known", "ids"),
    [
        (("new", "new"), {"new"}),
        (("new", "old"), {"new", "old"}),
        (("new", None), {"new", ""}),
        (("new", NodeNotReadyError(), TimeoutError()), {"new"}),
    ],
)
async def test_a_broker_that_is_behind_does_not_speak_for_all(
    known: tuple[str | Exception | None, ...], ids: set[str]
) -> None:
    topics = Topics(KafkaSettings())
    topics._client = Brokers(*known)
    assert await topics.ids("t", 3.0) == ids
    log = ConsumedLog(None, "t", topics)  # type: ignore[arg-type]
    assert await log.is_present("new") == (ids == {"new"})


async def test_what_no_broker_can_tell_is_not_known() -> None:
    topics = Topics(KafkaSettings())
    topics._client = Brokers(NodeNotReadyError(), TimeoutError())
    with pytest.raises(NodeNotReadyError):
        await topics.ids("t", 3.0)
