"""Which stores are audited: those of a running local stack, or those that the environment names."""

from pydantic import SecretStr

from operations.audit import Sources
from operations.local import endpoints
from operations.local.folder import Folder
from weather_tweets.settings import AuditSettings, KafkaSettings, MongoSettings, RedisSettings


def choose(stack: Folder, stats_url: str = "") -> Sources:
    """Of the running stack, or of the environment if there is none or `stats_url` is given."""
    if not stats_url:
        try:
            return of_stack(endpoints.read(stack))
        except endpoints.NotRunningError:
            stats_url = AuditSettings().stats_url
    return Sources(KafkaSettings(), RedisSettings(), MongoSettings(), [stats_url])


def of_stack(running: endpoints.Endpoints) -> Sources:
    return Sources(
        KafkaSettings(**(running.kafka_options or {"bootstrap_servers": running.kafka})),  # type: ignore[arg-type]
        RedisSettings(url=SecretStr(running.redis)),
        MongoSettings(url=SecretStr(running.mongo)),
        running.stats,
    )
