from streams.app import app


def test_one_batch_waits_in_memory_and_the_rest_with_the_broker() -> None:
    (agent,) = app.agents.values()
    assert agent.channel_iterator.queue.maxsize == 1
