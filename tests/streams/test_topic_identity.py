import asyncio
import uuid

from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from operations.local.kafka import Kafka
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
