"""The data sources, as dashboard variables: whoever imports a dashboard elsewhere picks his own.

The values are the uids under which this project provisions them.
"""

from grafana_foundation_sdk.builders.dashboard import DatasourceVariable
from grafana_foundation_sdk.models.dashboard import DataSourceRef, VariableOption

REDIS = DataSourceRef(type_val="redis-datasource", uid="${redis}")
PROMETHEUS = DataSourceRef(type_val="prometheus", uid="${prometheus}")


def redis_variable() -> DatasourceVariable:
    """Picks the Redis that the services write to."""
    return (
        DatasourceVariable("redis")
        .label("Redis")
        .type("redis-datasource")
        .current(VariableOption(text="Redis", value="weather-redis"))
    )


def prometheus_variable() -> DatasourceVariable:
    """Picks the Prometheus that scrapes the services (and Kepler)."""
    return (
        DatasourceVariable("prometheus")
        .label("Prometheus")
        .type("prometheus")
        .current(VariableOption(text="Prometheus", value="weather-prometheus"))
    )
