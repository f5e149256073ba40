"""What *Country Messages* asks Redis."""

from observability.dashboards import transformations as transform
from observability.dashboards.country_messages import CODE, COUNTRY, MESSAGES, Asked, Source
from observability.dashboards.redis_query import entries_in_range, field_of, hash_of, last_entries
from observability.dashboards.sources import REDIS, redis_variable
from weather_tweets import redis_keys

_ROWS = [*transform.rows_of_hash(name=COUNTRY, value=MESSAGES), transform.sorted_by(MESSAGES)]

SOURCE = Source(
    title="Country Messages",
    uid="weather-country-messages",
    description="Tweets about the weather by country, as counted exactly once. Everything from Redis.",
    variable=redis_variable(),
    datasource=REDIS,
    total=Asked([field_of(redis_keys.TOTALS, "messages").ref("A")], []),
    accepted_and_processed=Asked(
        [
            field_of(redis_keys.LIVE_TOTALS, "messages").ref("A"),
            field_of(redis_keys.TOTALS, "messages").ref("B"),
        ],
        [
            transform.renamed({"messages": "Accepted"}, ref_id="A"),
            transform.renamed({"messages": "Processed"}, ref_id="B"),
            transform.side_by_side(),
            transform.difference("Accepted", "Processed", name="Waiting"),
        ],
        fields="/.*/",
    ),
    accepted_and_processed_meaning=(
        "Accepted: Kafka has it, shown within milliseconds, best effort. Processed: stored and counted, "
        "exact. What waits is the way in between."
    ),
    rate=Asked(
        [entries_in_range(redis_keys.LIVE_RATE).ref("A")],
        [
            transform.renamed(
                {"$time": "Time", "accepted": "Accepted", "processed": "Processed"}, hidden=["$streamId"]
            )
        ],
    ),
    countries=Asked([hash_of(redis_keys.COUNTRIES).ref("A")], _ROWS),
    top_ten=Asked([hash_of(redis_keys.COUNTRIES).ref("A")], [*_ROWS, transform.first_rows(10)]),
    located=Asked(
        [hash_of(redis_keys.COUNTRIES).ref("A"), hash_of(redis_keys.COUNTRY_CODES).ref("B")],
        [
            *transform.rows_of_hash(name=COUNTRY, value=MESSAGES, ref_id="A"),
            *transform.rows_of_hash(name=COUNTRY, value=CODE, ref_id="B"),
            transform.joined_by(COUNTRY),
        ],
    ),
    last_tweets=Asked(
        [last_entries(redis_keys.LIVE_RECENT, 20).ref("A")],
        [
            transform.renamed(
                {"$time": "Time", "país": COUNTRY, "texto": "Text"},
                hidden=["$streamId", "id", "codigo", "at"],
            )
        ],
    ),
)
