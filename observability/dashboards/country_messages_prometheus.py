"""What the twin of *Country Messages* asks Prometheus: for a Grafana without the Redis data source."""

from grafana_foundation_sdk.builders import prometheus
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from observability.dashboards import transformations as transform
from observability.dashboards.country_messages import CODE, COUNTRY, MESSAGES, Asked, Source
from observability.dashboards.sources import PROMETHEUS, prometheus_variable
from weather_tweets import countries


def _counted(by: str = "", where: str = "") -> str:
    """The tweets that were counted, by some labels.

    A partition's count only grows: while it goes from one worker to the next, or its worker is replaced, the
    largest that was told of late is the best known. So none is missing meanwhile, and none is there twice.
    """
    told = f"last_over_time(weather_streams_tweets_total{where}[2m])"
    return f"sum{f' by ({by}) ' if by else ''}(max by (partition, code, country) ({told}))"


_WAITING = "sum(weather_streams_lag_records)"


def _numbers(**expressions: str) -> Asked:
    return Asked(
        [
            prometheus.Dataquery().expr(expression).legend_format(name).ref_id(ref_id).instant()
            for ref_id, (name, expression) in zip("ABC", expressions.items(), strict=False)
        ],
        [],
    )


def _lines(**expressions: str) -> Asked:
    return Asked(
        [
            prometheus.Dataquery().expr(expression).legend_format(name).ref_id(ref_id).range()
            for ref_id, (name, expression) in zip("AB", expressions.items(), strict=False)
        ],
        [],
    )


def _rows(expression: str, *further: DataTransformerConfig) -> Asked:
    return Asked(
        [prometheus.Dataquery().expr(expression).ref_id("A").instant().format(PromQueryFormat.TABLE)],
        [
            transform.renamed({"country": COUNTRY, "code": CODE, "Value": MESSAGES}, hidden=["Time"]),
            transform.sorted_by(MESSAGES),
            *further,
        ],
    )


SOURCE = Source(
    title="Country Messages (Prometheus)",
    uid="weather-country-messages-prometheus",
    description="Tweets about the weather by country, as counted exactly once. Everything from Prometheus.",
    variable=prometheus_variable(),
    datasource=PROMETHEUS,
    total=_numbers(Messages=_counted()),
    accepted_and_processed=_numbers(
        Accepted=f"{_counted()} + {_WAITING}", Processed=_counted(), Waiting=_WAITING
    ),
    accepted_and_processed_meaning=(
        "Processed: stored and counted, exact. Waiting: what Kafka has and nobody has counted yet. "
        "Accepted: both. As of the last scrape."
    ),
    rate=_lines(
        Accepted="sum(rate(weather_gateway_tweets_accepted_total[$__rate_interval]))",
        Processed='sum(rate(weather_streams_records_processed_total{outcome="message"}[$__rate_interval]))',
    ),
    countries=_rows(_counted("country")),
    top_ten=_rows(_counted("country"), transform.first_rows(10)),
    located=_rows(_counted("code, country", f'{{code!="{countries.UNKNOWN.code}"}}')),
    last_tweets=None,
)
