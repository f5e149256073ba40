"""*Energy and CO2*: what the pods draw, by Kepler, and what a million tweets cost."""

from grafana_foundation_sdk.builders import text
from grafana_foundation_sdk.builders.dashboard import CustomVariable, Dashboard, QueryVariable, Row
from grafana_foundation_sdk.models.dashboard import VariableOption, VariableRefresh
from grafana_foundation_sdk.models.text import TextMode

from observability.dashboards.panels import WIDE, lines, number
from observability.dashboards.sources import PROMETHEUS, prometheus_variable
from operations.energy import grid

# As in the recording rules: one zone, or the same joule is counted twice; one namespace, ours.
PODS = 'zone="package",pod_namespace="$namespace"'
COMPARED = ("GT", "US", "ES", "MX", "BR", "CR", "DE", "FR", "SE", "PL", "IN", "CN", "ZA", "AU")
JOULES_PER_KWH = "3.6e6"


def dashboard() -> Dashboard:
    """Figures by the recording rules where they carry a setting, straight from Kepler where they do not."""
    board = (
        Dashboard("Energy and CO2")
        .uid("weather-energy")
        .description(
            "Watts and joules of every pod (Kepler), gCO2e by the grid's intensity, and per million tweets."
        )
        .tags(["weather-tweets"])
        .timezone("browser")
        .time("now-1h", "now")
        .refresh("15s")
        .readonly()
        .with_variable(prometheus_variable())
        .with_variable(_namespace_variable())
        .with_variable(_grid_variable())
    )
    board.with_row(Row("A million tweets"))
    board.with_panel(
        number(
            "Energy",
            "weather:joules_per_million_tweets:rate5m",
            unit="joule",
            description="Of all pods, the stores too.",
        )
    )
    board.with_panel(number("CO2e of the energy", "weather:gco2e_per_million_tweets:rate5m", unit="massg"))
    board.with_panel(
        number(
            "SCI",
            "weather:sci_gco2e_per_million_tweets:rate5m",
            unit="massg",
            description="Software Carbon Intensity, ISO/IEC 21031:2024: ((E × I) + M) per million tweets.",
        )
    )
    board.with_panel(
        number(
            "With the grid chosen above",
            f"weather:joules_per_million_tweets:rate5m / {JOULES_PER_KWH} * $grid",
            unit="massg",
            description="The same energy, drawn in another country.",
        )
    )
    board.with_panel(number("Tweets processed", "weather:tweets:rate5m", unit="cps"))
    board.with_panel(number("All pods", "weather:watts:rate5m", unit="watt"))
    board.with_row(Row("Pods"))
    board.with_panel(
        lines(
            "Watts by pod",
            {"{{pod_name}}": f"sum by (pod_name) (kepler_pod_cpu_watts{{{PODS}}})"},
            unit="watt",
            width=WIDE,
            stacked=True,
        )
    )
    board.with_panel(
        lines(
            "Joules by pod, in the time shown",
            {
                "{{pod_name}}": "sum by (pod_name) "
                f"(increase(kepler_pod_cpu_joules_total{{{PODS}}}[$__range]))"
            },
            unit="joule",
            width=WIDE,
        )
    )
    board.with_row(Row("Workloads"))
    board.with_panel(
        lines(
            "Watts by workload", {"{{workload}}": "weather:workload_watts:rate5m"}, unit="watt", stacked=True
        )
    )
    board.with_panel(
        lines(
            "gCO2e per hour by workload",
            {"{{workload}}": "weather:workload_gco2e:rate5m * 3600"},
            unit="massg",
            stacked=True,
        )
    )
    board.with_panel(
        lines(
            "Joules per million tweets by workload",
            {"{{workload}}": "weather:workload_joules_per_million_tweets:rate5m"},
            unit="joule",
            stacked=True,
        )
    )
    board.with_row(Row("What stands behind the figures"))
    board.with_panel(
        lines(
            "Settings",
            {
                "grid, gCO2e/kWh ({{country}} {{year}})": "weather:grid_intensity_gco2e_per_kwh",
                "embodied, gCO2e/h": "weather:embodied_gco2e:rate * 3600",
            },
            unit="short",
            width=WIDE,
        )
    )
    board.with_panel(
        text.Panel()
        .title("How to read this")
        .mode(TextMode.MARKDOWN)
        .content(
            "Kepler measures joules per pod by RAPL (zone `package`: the CPU, without memory, disks, "
            "network and cooling) and splits the node's active energy by CPU time. A virtual machine has "
            "no RAPL: with Kepler's fake meter every figure here is **synthetic**, good for comparing, not "
            "for reporting.\n\n"
            "gCO2e = J / 3.6e6 × grid intensity (g/kWh). SCI adds the embodied part. Grid and embodied "
            "figures are settings of the recording rules; the choice above only answers *what would it be "
            "elsewhere*.\n\n"
            f"Grid intensities: {grid.SOURCE}"
        )
        .span(WIDE)
        .height(8)
    )
    return board


def _namespace_variable() -> QueryVariable:
    expression = "label_values(kepler_pod_cpu_joules_total, pod_namespace)"
    return (
        QueryVariable("namespace")
        .label("Namespace")
        .datasource(PROMETHEUS)
        .query({"query": expression, "refId": "namespaces"})
        .refresh(VariableRefresh.ON_DASHBOARD_LOAD)
        .current(VariableOption(text="project", value="project"))
    )


def _grid_variable() -> CustomVariable:
    """Countries and their grid's gCO2e per kWh, the year beside the name."""
    intensities = [grid.of_country(code) for code in COMPARED]
    choices = {f"{found.name} {found.year}": f"{found.gco2e_per_kwh:g}" for found in intensities}
    first, *_ = choices
    return (
        CustomVariable("grid")
        .label("Grid")
        .description("Grid intensity in gCO2e/kWh for the comparison")
        .values(", ".join(f"{name} : {value}" for name, value in choices.items()))
        .current(VariableOption(text=first, value=choices[first]))
        .options(
            [
                VariableOption(text=name, value=value, selected=name == first)
                for name, value in choices.items()
            ]
        )
    )
