"""How the gateway says how it is."""

from tests.gateway.doors import Door, opened
from tests.gateway.producers import FakeProducer


async def test_it_is_alive_before_it_is_ready(producer: FakeProducer) -> None:
    await producer.kill()
    async with opened(producer_target=producer.target) as door:
        assert (await door.get("/healthz")).json() == {"status": "alive"}
        answer = await door.get("/readyz")
        assert answer.status == 503
        answer.problem()
        await producer.start()
        await door.wait_until_ready()
        await producer.kill()
        async with opened(producer_target=producer.target):
            pass
        while (await door.get("/readyz")).status != 503:
            pass


async def test_requests_are_counted_under_labels_that_clients_cannot_multiply(door: Door) -> None:
    for number in range(3):
        await door.get(f"/nothing/{number}")
        await door.request(f"VERB{number}", "/input")
    await door.get("/healthz")
    text = (await door.get("/metrics")).body.decode()
    assert 'weather_gateway_requests_total{method="GET",route="none",status="404"} 3.0' in text
    assert 'weather_gateway_requests_total{method="other",route="none",status="405"} 3.0' in text
    assert 'weather_gateway_requests_total{method="GET",route="/healthz",status="200"} 1.0' in text
    assert "weather_gateway_producer_connected 1.0" in text
