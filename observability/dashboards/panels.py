"""Panels in the few shapes that the dashboards need; over Prometheus where nothing else is said."""

from grafana_foundation_sdk.builders import barchart, common, prometheus, stat, timeseries
from grafana_foundation_sdk.builders.dashboard import FieldColor, ThresholdsConfig
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    GraphDrawStyle,
    LegendDisplayMode,
    LegendPlacement,
    StackingMode,
    TooltipDisplayMode,
    VisibilityMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import FieldColorModeId, Threshold, ThresholdsMode

from observability.dashboards.sources import PROMETHEUS

Queries = dict[str, str]
"""PromQL by the legend that it gets; `{{label}}` stands for a label's value."""

SMALL, MIDDLE, WIDE = 6, 8, 12
"""Widths in columns of 24."""


def lines(
    title: str,
    queries: Queries,
    *,
    unit: str,
    width: int = MIDDLE,
    description: str = "",
    stacked: bool = False,
) -> timeseries.Panel:
    """Lines over time."""
    panel = (
        timeseries.Panel()
        .title(title)
        .description(description)
        .datasource(PROMETHEUS)
        .unit(unit)
        .min(0)
        .span(width)
        .height(8)
        .draw_style(GraphDrawStyle.LINE)
        .line_width(2)
        .fill_opacity(30 if stacked else 8)
        .show_points(VisibilityMode.NEVER)
        .color_scheme(FieldColor().mode(FieldColorModeId.PALETTE_CLASSIC))
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI))
        .legend(
            common.VizLegendOptions()
            .show_legend(True)
            .display_mode(LegendDisplayMode.LIST)
            .placement(LegendPlacement.BOTTOM)
        )
    )
    if stacked:
        panel.stacking(common.StackingConfig().mode(StackingMode.NORMAL).group("A"))
    for ref_id, (legend, expression) in zip("ABCDEFGH", queries.items(), strict=False):
        panel.with_target(
            prometheus.Dataquery().expr(expression).legend_format(legend).ref_id(ref_id).range()
        )
    return panel


def bars(title: str, *, of: str) -> barchart.Panel:
    """Bars to the right, one for each value of the column `of`, from whatever data source."""
    return (
        barchart.Panel()
        .title(title)
        .x_field(of)
        .orientation(VizOrientation.HORIZONTAL)
        .show_value(VisibilityMode.ALWAYS)
        .bar_width(0.8)
        .legend(
            common.VizLegendOptions()
            .show_legend(False)
            .display_mode(LegendDisplayMode.LIST)
            .placement(LegendPlacement.BOTTOM)
        )
        .color_scheme(FieldColor().mode(FieldColorModeId.CONTINUOUS_BL_PU))
        .unit("locale")
        .min(0)
    )


def number(
    title: str,
    expression: str,
    *,
    unit: str,
    width: int = 4,
    decimals: int | None = None,
    warn: float | None = None,
    description: str = "",
) -> stat.Panel:
    """One large number; from `warn` on it turns red."""
    steps = [Threshold(value=None, color="green")]
    if warn is not None:
        steps.append(Threshold(value=warn, color="red"))
    panel = (
        stat.Panel()
        .title(title)
        .description(description)
        .datasource(PROMETHEUS)
        .unit(unit)
        .span(width)
        .height(4)
        .graph_mode(BigValueGraphMode.AREA if warn is None else BigValueGraphMode.NONE)
        .color_mode(BigValueColorMode.VALUE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .thresholds(ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps))
        .color_scheme(FieldColor().mode(FieldColorModeId.THRESHOLDS))
        .with_target(prometheus.Dataquery().expr(expression).ref_id("A").range())
    )
    return panel if decimals is None else panel.decimals(decimals)


def percentiles(
    title: str, histogram: str, *, unit: str, by: str = "", width: int = MIDDLE
) -> timeseries.Panel:
    """Median, 95th and 99th percentile of a histogram; with `by` (a label) the 95th of each of its values."""
    rate = f"rate({histogram}_bucket[$__rate_interval])" if "{" not in histogram else None
    if rate is None:
        name, _, labels = histogram.partition("{")
        rate = f"rate({name}_bucket{{{labels}[$__rate_interval])"
    if by:
        return lines(
            title,
            {f"p95 {{{{{by}}}}}": f"histogram_quantile(0.95, sum by (le, {by}) ({rate}))"},
            unit=unit,
            width=width,
        )
    return lines(
        title,
        {
            f"p{percent}": f"histogram_quantile({percent / 100:g}, sum by (le) ({rate}))"
            for percent in (50, 95, 99)
        },
        unit=unit,
        width=width,
    )
