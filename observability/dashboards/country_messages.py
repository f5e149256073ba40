"""*Country Messages*: the tweets of every country, from Redis alone."""

from grafana_foundation_sdk.builders import barchart, common, geomap, piechart, stat, table, timeseries
from grafana_foundation_sdk.builders.dashboard import Dashboard, FieldColor
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
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue, FieldColorModeId
from grafana_foundation_sdk.models.piechart import PieChartLegendValues, PieChartType

from observability.dashboards import transformations as transform
from observability.dashboards.panels import bars
from observability.dashboards.redis_query import entries_in_range, field_of, hash_of, last_entries
from observability.dashboards.sources import REDIS, redis_variable
from observability.dashboards.world_map import world_map
from weather_tweets import redis_keys

COUNTRY, MESSAGES, CODE = "Country", "Messages", "Code"
# More than there are countries: every slice is drawn, so that the percentages are of the whole.
ALL_COUNTRIES = 300


def dashboard() -> Dashboard:
    """Sixteen columns of what was processed, exact; what was accepted stands beside it."""
    return (
        Dashboard("Country Messages")
        .uid("weather-country-messages")
        .description("Tweets about the weather by country, as counted exactly once. Everything from Redis.")
        .tags(["weather-tweets"])
        .timezone("browser")
        .time("now-15m", "now")
        # The data source's own streaming polls from the browser and is broken on newer Grafana.
        .refresh("5s")
        .readonly()
        .with_variable(redis_variable())
        .with_panel(_total().height(7).span(5))
        .with_panel(_accepted_and_processed().height(7).span(9))
        .with_panel(_rate().height(7).span(10))
        .with_panel(_pie().height(12).span(8))
        .with_panel(_map().height(12).span(16))
        .with_panel(_per_country().height(12).span(6))
        .with_panel(_top_ten().height(12).span(8))
        .with_panel(_last_tweets().height(12).span(10))
    )


def _total() -> stat.Panel:
    return (
        stat.Panel()
        .title("Messages")
        .description("Messages processed: in MongoDB, and counted exactly once.")
        .datasource(REDIS)
        .with_target(field_of(redis_keys.TOTALS, "messages").ref("A"))
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .graph_mode(BigValueGraphMode.NONE)
        .text_mode(BigValueTextMode.VALUE)
        .color_mode(BigValueColorMode.VALUE)
        .color_scheme(_fixed("blue"))
        .unit("locale")
        .decimals(0)
        .no_value("0")
    )


def _accepted_and_processed() -> stat.Panel:
    return (
        stat.Panel()
        .title("Accepted and processed")
        .description(
            "Accepted: Kafka has it, shown within milliseconds, best effort. Processed: stored and counted, "
            "exact. What waits is the way in between."
        )
        .datasource(REDIS)
        .with_target(field_of(redis_keys.LIVE_TOTALS, "messages").ref("A"))
        .with_target(field_of(redis_keys.TOTALS, "messages").ref("B"))
        .with_transformation(transform.renamed({"messages": "Accepted"}, ref_id="A"))
        .with_transformation(transform.renamed({"messages": "Processed"}, ref_id="B"))
        .with_transformation(transform.side_by_side())
        .with_transformation(transform.difference("Accepted", "Processed", name="Waiting"))
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).fields("/.*/"))
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


def _rate() -> timeseries.Panel:
    return (
        timeseries.Panel()
        .title("Tweets per second")
        .datasource(REDIS)
        .with_target(entries_in_range(redis_keys.LIVE_RATE).ref("A"))
        .with_transformation(
            transform.renamed(
                {"$time": "Time", "accepted": "Accepted", "processed": "Processed"}, hidden=["$streamId"]
            )
        )
        .unit("short")
        .min(0)
        .line_width(2)
        .fill_opacity(12)
        .show_points(VisibilityMode.NEVER)
        .color_scheme(_fixed("green"))
        # The plugin gives its time column the unit of microseconds; it is a time like any other.
        .override_by_name("Time", [DynamicConfigValue(id_val="unit", value="time:HH:mm:ss")])
        .override_by_name("Processed", [_color("blue")])
        .legend(_legend_below())
    )


def _pie() -> piechart.Panel:
    panel = (
        piechart.Panel()
        .title("Messages by country")
        .datasource(REDIS)
        .with_target(hash_of(redis_keys.COUNTRIES).ref("A"))
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
    return panel.transformations(
        [*transform.rows_of_hash(name=COUNTRY, value=MESSAGES), transform.sorted_by(MESSAGES)]
    )


def _map() -> geomap.Panel:
    panel = (
        world_map("Map", at=CODE, size=MESSAGES, color=MESSAGES)
        .datasource(REDIS)
        .with_target(hash_of(redis_keys.COUNTRIES).ref("A"))
        .with_target(hash_of(redis_keys.COUNTRY_CODES).ref("B"))
        .color_scheme(FieldColor().mode(FieldColorModeId.CONTINUOUS_BL_PU))
        .unit("locale")
    )
    return panel.transformations(
        [
            *transform.rows_of_hash(name=COUNTRY, value=MESSAGES, ref_id="A"),
            *transform.rows_of_hash(name=COUNTRY, value=CODE, ref_id="B"),
            transform.joined_by(COUNTRY),
        ]
    )


def _per_country() -> table.Panel:
    panel = (
        table.Panel()
        .title("Messages per Country")
        .datasource(REDIS)
        .with_target(hash_of(redis_keys.COUNTRIES).ref("A"))
        .unit("locale")
        .cell_height(TableCellHeight.SM)
    )
    return panel.transformations(
        [*transform.rows_of_hash(name=COUNTRY, value=MESSAGES), transform.sorted_by(MESSAGES)]
    )


def _top_ten() -> barchart.Panel:
    panel = bars("Top ten", of=COUNTRY).datasource(REDIS).with_target(hash_of(redis_keys.COUNTRIES).ref("A"))
    return panel.transformations(
        [
            *transform.rows_of_hash(name=COUNTRY, value=MESSAGES),
            transform.sorted_by(MESSAGES),
            transform.first_rows(10),
        ]
    )


def _last_tweets() -> table.Panel:
    return (
        table.Panel()
        .title("Last tweets")
        .datasource(REDIS)
        .with_target(last_entries(redis_keys.LIVE_RECENT, 20).ref("A"))
        .with_transformation(
            transform.renamed(
                {"$time": "Time", "país": COUNTRY, "texto": "Text"},
                hidden=["$streamId", "id", "codigo", "at"],
            )
        )
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
