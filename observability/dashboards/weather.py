"""*Weather*: what the tweets say, from Prometheus: kinds over time, and which leads where."""

from grafana_foundation_sdk.builders import barchart, geomap, prometheus, table, timeseries
from grafana_foundation_sdk.builders.dashboard import Dashboard, QueryVariable
from grafana_foundation_sdk.models.common import (
    TableCellHeight,
)
from grafana_foundation_sdk.models.dashboard import (
    DataTransformerConfig,
    DynamicConfigValue,
    VariableOption,
    VariableRefresh,
    VariableSort,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from observability.dashboards import transformations as transform
from observability.dashboards.panels import bars, lines
from observability.dashboards.sources import PROMETHEUS, prometheus_variable
from observability.dashboards.world_map import world_map

COUNTRY, CODE, KIND, TWEETS = "Country", "Code", "Kind", "Tweets"

_CHOSEN = 'weather_streams_kinds_total{country=~"$country"}'

_COLORS = {
    "rain": "blue",
    "storm": "purple",
    "snow": "light-blue",
    "heat": "red",
    "cold": "dark-blue",
    "wind": "green",
    "fog": "#8e8e8e",
    "sun": "yellow",
    "clouds": "#b0b0b0",
    "humid": "dark-green",
    "pleasant": "light-green",
}
"""Of each kind of weather, wherever it is shown."""


def dashboard() -> Dashboard:
    """The kinds of weather, of all countries or of the chosen ones; the map and the table of all."""
    return (
        Dashboard("Weather")
        .uid("weather-kinds")
        .description("What the tweets say of the weather: rain, heat, wind … over time and by country.")
        .tags(["weather-tweets"])
        .timezone("browser")
        .time("now-1h", "now")
        .refresh("30s")
        .readonly()
        .with_variable(prometheus_variable())
        .with_variable(_country_variable())
        .with_panel(_over_time().height(10).span(15))
        .with_panel(_by_kind().height(10).span(9))
        .with_panel(_map().height(13).span(15))
        .with_panel(_leading().height(13).span(9))
    )


def _country_variable() -> QueryVariable:
    return (
        QueryVariable("country")
        .label("Country")
        .datasource(PROMETHEUS)
        .query("label_values(weather_streams_kinds_total, country)")
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value(".*")
        .current(VariableOption(text="All", value="$__all"))
    )


def _over_time() -> timeseries.Panel:
    panel = lines(
        "Tweets a minute by kind of weather",
        {"{{kind}}": f"60 * sum by (kind) (rate({_CHOSEN}[$__rate_interval]))"},
        unit="locale",
        stacked=True,
        description="A tweet may speak of several kinds, and then counts for each.",
    )
    for kind in _COLORS:
        panel.override_by_name(kind, [_color_of(kind)])
    return panel


def _by_kind() -> barchart.Panel:
    panel = (
        bars("Kinds of weather", of=KIND)
        .description("Tweets of the chosen countries and time that spoke of each kind.")
        .datasource(PROMETHEUS)
        .with_target(_rows(f"sort_desc(sum by (kind) (increase({_CHOSEN}[$__range])) > 0)"))
        .decimals(0)
    )
    return panel.transformations(
        [
            transform.renamed({"kind": KIND, "Value": TWEETS}, hidden=["Time"]),
            transform.sorted_by(TWEETS),
        ]
    )


def _map() -> geomap.Panel:
    panel = (
        world_map("What leads where", at=CODE, size=TWEETS, color=KIND)
        .description("The kind that most tweets of a country spoke of; the marker grows with their number.")
        .datasource(PROMETHEUS)
        .with_target(_leading_kinds())
        .override_by_name(KIND, [_mapped()])
        .override_by_name(TWEETS, _whole())
    )
    return panel.transformations([_by_country()])


def _leading() -> table.Panel:
    panel = (
        table.Panel()
        .title("Leading kind by country")
        .datasource(PROMETHEUS)
        .with_target(_leading_kinds())
        .override_by_name(KIND, [_mapped()])
        .override_by_name(TWEETS, _whole())
        .cell_height(TableCellHeight.SM)
    )
    return panel.transformations([_by_country(), transform.sorted_by(TWEETS)])


def _leading_kinds() -> prometheus.Dataquery:
    said = "sum by (code, country, kind) (increase(weather_streams_kinds_total[$__range]))"
    return _rows(f"topk by (code) (1, {said} > 0)")


def _rows(expression: str) -> prometheus.Dataquery:
    return prometheus.Dataquery().expr(expression).ref_id("A").instant().format(PromQueryFormat.TABLE)


def _by_country() -> DataTransformerConfig:
    return transform.renamed(
        {"country": COUNTRY, "code": CODE, "kind": KIND, "Value": TWEETS}, hidden=["Time"]
    )


def _color_of(kind: str) -> DynamicConfigValue:
    return DynamicConfigValue(id_val="color", value={"mode": "fixed", "fixedColor": _COLORS[kind]})


def _mapped() -> DynamicConfigValue:
    options = {
        kind: {"text": kind, "color": color, "index": index}
        for index, (kind, color) in enumerate(_COLORS.items())
    }
    return DynamicConfigValue(id_val="mappings", value=[{"type": "value", "options": options}])


def _whole() -> list[DynamicConfigValue]:
    return [DynamicConfigValue(id_val="unit", value="locale"), DynamicConfigValue(id_val="decimals", value=0)]
