"""What the figures should be, on two cores; a figure without a goal is told for its own sake."""

from typing import NamedTuple


class Goal(NamedTuple):
    """A bound of a figure, in words that a table shows."""

    figure: str
    at_least: float | None = None
    at_most: float | None = None

    def reached(self, value: float) -> bool:
        """Whether the value is within the bound."""
        return (self.at_least is None or value >= self.at_least) and (
            self.at_most is None or value <= self.at_most
        )


GOALS: dict[str, Goal] = {
    "streams_parse_messages_per_cpu_second_over_faust_take": Goal(
        "streams, parse and tally: messages per CPU-second ÷ stock Faust `take(1000)`", at_least=20
    ),
    "streams_parse_messages_per_cpu_second_over_quixstreams": Goal(
        "streams, parse and tally: messages per CPU-second ÷ quixstreams", at_least=3
    ),
    "streams_parse_cpu_over_confluent_loop": Goal(
        "streams, parse and tally: CPU ÷ bare confluent-kafka loop", at_most=3
    ),
    "streams_all_stores_cpu_us": Goal("streams, all stores: CPU-µs per message", at_most=6),
    "streams_peak_rss_mb": Goal("streams, backlog of 1,000,000: peak MB of the worker", at_most=200),
    "door_64_rate_over_unary": Goal("door, 64 clients: requests/s ÷ unary baseline", at_least=4),
    "door_64_cpu_us": Goal("door, 64 clients: gateway + producer CPU-µs per tweet", at_most=45),
    "door_64_gateway_cpu_over_sanic_floor": Goal(
        "door, 64 clients: gateway CPU ÷ Sanic without work", at_most=1.0
    ),
    "door_10_rate_over_unary": Goal("door, 10 clients: requests/s ÷ unary baseline", at_least=2.5),
    "door_10_p99_ms": Goal("door, 10 clients: p99 in ms, Kafka acknowledged", at_most=15),
    "door_array_100_cpu_us": Goal("arrays of 100: gateway + producer CPU-µs per tweet", at_most=8),
    "door_peak_rss_mb": Goal("door: peak MB of gateway or producer", at_most=150),
    "whole_answered_p99_ms": Goal("freshness at 1,000/s: answered p99 in ms", at_most=25),
    "whole_processed_p99_ms": Goal("freshness at 1,000/s: processed p99 in ms", at_most=75),
    "whole_viewer_p99_ms": Goal("freshness at 1,000/s: accepted (viewer) p99 in ms", at_most=60),
    "whole_1000_cpu_us": Goal("1,000/s: services' CPU-µs per tweet", at_most=400),
    "whole_10_users_cpu_us": Goal("Locust, 10 users: services' CPU-µs per tweet", at_most=300),
    "whole_64_users_cpu_us": Goal("Locust, 64 users: services' CPU-µs per tweet", at_most=170),
    "growth_records_worst_percent": Goal(
        "growth, 10,000 to 3,000,000 records: cost off by at most %", at_most=20
    ),
    "growth_countries_worst_percent": Goal("growth, 10 to 250 countries: cost off by at most %", at_most=20),
}
