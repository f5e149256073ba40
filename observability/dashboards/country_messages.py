"""*Country Messages*: the tweets of every country; from Redis alone, and its twin from Prometheus alone.

How the panels look is said here once; `country_messages_redis.py` and `country_messages_prometheus.py` say
what they ask.
"""

from dataclasses import dataclass
from typing import Protocol, Self, TypeVar

from grafana_foundation_sdk.builders import barchart, common, geomap, piechart, stat, table, timeseries
from grafana_foundation_sdk.builders.dashboard import Dashboard, DatasourceVariable, FieldColor
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    BigValueTextMode,
    LegendDisplayMode,
    LegendPlacement,
    TableCellHeight,
    VisibilityMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import (
    DataSourceRef,
    DataTransformerConfig,
    DynamicConfigValue,
    FieldColorModeId,
)
from grafana_foundation_sdk.models.piechart import PieChartLegendValues, PieChartType

from observability.dashboards.panels import bars
from observability.dashboards.world_map import world_map

COUNTRY, MESSAGES, CODE = "Country", "Messages", "Code"
# More than there are countries: every slice is drawn, so that the percentages are of the whole.
ALL_COUNTRIES = 300


@dataclass(frozen=True)
class Asked:
    """What a panel asks, and how the answer becomes the columns that it shows."""

    queries: list[Builder[Dataquery]]
    transformations: list[DataTransformerConfig]
    fields: str = ""
    """The columns that a panel of numbers shows, as a pattern: where it is empty, those that are numbers."""


@dataclass(frozen=True)
class Source:
    """Where everything comes from, and what each panel asks there."""

    title: str
    uid: str
    description: str
    variable: DatasourceVariable
    datasource: DataSourceRef
    total: Asked
    accepted_and_processed: Asked
    """Numbers called *Accepted*, *Processed* and *Waiting*."""
    accepted_and_processed_meaning: str
    rate: Asked
    """Lines called *Accepted* and *Processed*."""
    countries: Asked
    """`COUNTRY` and `MESSAGES` of each, the largest first."""
    top_ten: Asked
    located: Asked
    """`CODE` as well, in any order, of those that are on a map."""
    last_tweets: Asked | None
    """None where the source has no texts: there is no such panel then, and those beside it are wider."""


class _Panel(Protocol):
    """What the SDK's builders of panels have in common."""

    def datasource(self, datasource: DataSourceRef) -> Self: ...
    def targets(self, targets: list[Builder[Dataquery]]) -> Self: ...
    def transformations(self, transformations: list[DataTransformerConfig]) -> Self: ...


_P = TypeVar("_P", bound=_Panel)


def dashboard(source: Source) -> Dashboard:
    """Sixteen columns of what was processed, exact; what was accepted stands beside it."""
    board = (
        Dashboard(source.title)
        .uid(source.uid)
        .description(source.description)
        .tags(["weather-tweets"])
        .timezone("browser")
        .time("now-15m", "now")
        # The data source's own streaming polls from the browser and is broken on newer Grafana.
        .refresh("5s")
        .readonly()
        .with_variable(source.variable)
        .with_panel(_total(source).height(7).span(5))
        .with_panel(_accepted_and_processed(source).height(7).span(9))
        .with_panel(_rate(source).height(7).span(10))
        .with_panel(_pie(source).height(12).span(8))
        .with_panel(_map(source).height(12).span(16))
    )
    if not source.last_tweets:
        return board.with_panel(_per_country(source).height(12).span(10)).with_panel(
            _top_ten(source).height(12).span(14)
        )
    return (
        board.with_panel(_per_country(source).height(12).span(6))
        .with_panel(_top_ten(source).height(12).span(8))
        .with_panel(_last_tweets(source, source.last_tweets).height(12).span(10))
    )


def _asking(panel: _P, source: Source, asked: Asked) -> _P:
    return panel.datasource(source.datasource).targets(asked.queries).transformations(asked.transformations)


def _total(source: Source) -> stat.Panel:
    panel = (
        stat.Panel()
        .title("Messages")
        .description("Messages processed: in MongoDB, and counted exactly once.")
        .reduce_options(_last_of(source.total))
        .graph_mode(BigValueGraphMode.NONE)
        .text_mode(BigValueTextMode.VALUE)
        .color_mode(BigValueColorMode.VALUE)
        .color_scheme(_fixed("blue"))
        .unit("locale")
        .decimals(0)
        .no_value("0")
    )
    return _asking(panel, source, source.total)


def _accepted_and_processed(source: Source) -> stat.Panel:
    panel = (
        stat.Panel()
        .title("Accepted and processed")
        .description(source.accepted_and_processed_meaning)
        .reduce_options(_last_of(source.accepted_and_processed))
        .graph_mode(BigValueGraphMode.NONE)
        .text_mode(BigValueTextMode.VALUE_AND_NAME)
        .color_mode(BigValueColorMode.VALUE)
        .color_scheme(_fixed("green"))
        .override_by_name("Processed", [_color("blue")])
        .override_by_name("Waiting", [_color("orange")])
        .orientation(VizOrientation.VERTICAL)
        .unit("locale")
        .decimals(0)
    )
    return _asking(panel, source, source.accepted_and_processed)


def _rate(source: Source) -> timeseries.Panel:
    panel = (
        timeseries.Panel()
        .title("Tweets per second")
        .unit("short")
        .min(0)
        .line_width(2)
        .fill_opacity(12)
        .show_points(VisibilityMode.NEVER)
        .color_scheme(_fixed("green"))
        # The plugin for Redis gives its time column the unit of microseconds; it is a time like any other.
        .override_by_name("Time", [DynamicConfigValue(id_val="unit", value="time:HH:mm:ss")])
        .override_by_name("Processed", [_color("blue")])
        .legend(_legend_below())
    )
    return _asking(panel, source, source.rate)


def _pie(source: Source) -> piechart.Panel:
    panel = (
        piechart.Panel()
        .title("Messages by country")
        .pie_type(PieChartType.DONUT)
        .reduce_options(common.ReduceDataOptions().values(True).limit(ALL_COUNTRIES).calcs(["lastNotNull"]))
        .legend(
            piechart.PieChartLegendOptions()
            .show_legend(True)
            .display_mode(LegendDisplayMode.TABLE)
            .placement(LegendPlacement.RIGHT)
            .values([PieChartLegendValues.VALUE, PieChartLegendValues.PERCENT])
        )
        .color_scheme(FieldColor().mode(FieldColorModeId.PALETTE_CLASSIC_BY_NAME))
        .unit("locale")
    )
    return _asking(panel, source, source.countries)


def _map(source: Source) -> geomap.Panel:
    panel = (
        world_map("Map", at=CODE, size=MESSAGES, color=MESSAGES)
        .color_scheme(FieldColor().mode(FieldColorModeId.CONTINUOUS_BL_PU))
        .unit("locale")
    )
    return _asking(panel, source, source.located)


def _per_country(source: Source) -> table.Panel:
    panel = table.Panel().title("Messages per Country").unit("locale").cell_height(TableCellHeight.SM)
    return _asking(panel, source, source.countries)


def _top_ten(source: Source) -> barchart.Panel:
    return _asking(bars("Top ten", of=COUNTRY), source, source.top_ten)


def _last_tweets(source: Source, asked: Asked) -> table.Panel:
    panel = (
        table.Panel()
        .title("Last tweets")
        .override_by_name(
            "Time",
            [
                DynamicConfigValue(id_val="unit", value="time:HH:mm:ss"),
                DynamicConfigValue(id_val="custom.width", value=90),
            ],
        )
        .override_by_name(COUNTRY, [DynamicConfigValue(id_val="custom.width", value=150)])
        .cell_height(TableCellHeight.SM)
    )
    return _asking(panel, source, asked)


def _last_of(asked: Asked) -> common.ReduceDataOptions:
    options = common.ReduceDataOptions().calcs(["lastNotNull"])
    return options.fields(asked.fields) if asked.fields else options


def _fixed(color: str) -> FieldColor:
    return FieldColor().mode(FieldColorModeId.FIXED).fixed_color(color)


def _color(color: str) -> DynamicConfigValue:
    return DynamicConfigValue(id_val="color", value={"mode": "fixed", "fixedColor": color})


def _legend_below() -> common.VizLegendOptions:
    return (
        common.VizLegendOptions()
        .show_legend(True)
        .display_mode(LegendDisplayMode.LIST)
        .placement(LegendPlacement.BOTTOM)
        .calcs(["lastNotNull", "max"])
    )
