"""The plots: what was measured, from the JSON files in `data/`; no file, no plot.

- `bench*.json`, by `python -m bench --json`: `bench-{<stage>,timelines,figures}.svg`
- `chaos.json`, by `weather-tweets chaos --json`: `chaos-recovery.svg`
- `energy.json`, by `weather-tweets energy --json`: `energy-{services,elsewhere,ways}.svg`
- `distribution.json`, by `python -m manual.distribution`: `distribution-{countries,hours}.svg`
"""

import json
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from matplotlib import font_manager
from matplotlib import pyplot as plt

from bench import plots as bench
from bench import report as bench_report
from bench.plots import style
from bench.plots.style import BLUE, GREEN, OCHRE, PALE, WIDTH_INCHES
from manual import spanish
from manual.diagrams import FIGURES

DATA = Path(__file__).parent / "data"
STYLE: Any = {
    **style.STYLE,
    "font.family": "Source Sans Pro",
    "axes.titleweight": "semibold",
    # Text stays text in the PDF.
    "svg.fonttype": "none",
}


class Panel(NamedTuple):
    """A quantity of some rows, as bars: its title, colour, and a value per row (None: not measured)."""

    title: str
    colour: str
    values: Sequence[float | None]


def draw_all(fonts: dict[str, Path]) -> list[Path]:
    """Draws whatever there are data for; returns the SVG files."""
    _use(fonts)
    FIGURES.mkdir(parents=True, exist_ok=True)
    drawn: list[Path] = []
    # The whole result, `bench.json`, comes first: a stage that the text quotes by itself goes over it.
    for source in sorted(DATA.glob("bench*.json"), reverse=True):
        drawn += bench.draw(bench_report.read(source), FIGURES, spanish.WORDS, prefix="bench-", style=STYLE)
    for name, draw in (("chaos", _chaos), ("energy", _energy), ("distribution", _distribution)):
        source = DATA / f"{name}.json"
        if source.exists():
            drawn += draw(_read(source))
    return drawn


def _read(source: Path) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(source.read_text(encoding="utf-8"))
    return result


def _use(fonts: dict[str, Path]) -> None:
    for name in ("SourceSansPro-Regular.ttf", "SourceSansPro-Semibold.ttf"):
        font_manager.fontManager.addfont(fonts[name])
    plt.rcParams.update(STYLE)


def _chaos(result: dict[str, Any]) -> list[Path]:
    """Medians of the time to recovery, by kind of fault and by what it struck."""
    kinds = {
        "kill": "muerte",
        "pause": "congelación",
        "wipe": "vaciado",
        "restart": "reinicio",
        "scale": "escala",
    }
    # Of these there are too many targets for a bar each.
    whatever = {
        "delay": "red lenta",
        "throttle": "red estrecha",
        "drip": "red a gotas",
        "cut": "red cortada",
        "reset": "conexiones rotas",
        "silence": "red muda",
        "leader": "muerte: el líder",
        "freeze": "congelación: un bróker",
        "roll": "reinicio: los brókeres, por turno",
        "away": "un bróker ausente",
        "grow": "tema ampliado",
        "remake": "tema rehecho",
        "delete": "clave borrada",
        "raise": "clave alterada",
        "retype": "clave de otro tipo",
        "fill": "Redis lleno",
        "commit": "transacciones",
        "abort": "transacciones abortadas",
    }
    groups: dict[str, list[dict[str, Any]]] = {}
    for fault in result["faults"]:
        name = whatever.get(fault["kind"]) or f"{kinds[fault['kind']]}: {fault['target'].partition('-')[0]}"
        if fault["seconds"]:
            name += f" ({fault['seconds']:g} s)"
        groups.setdefault(name, []).append(fault)

    def medians(key: str) -> list[float | None]:
        seen = [[fault[key] for fault in faults if fault[key] is not None] for _, faults in rows]
        return [median(values) if values else None for values in seen]

    rows = sorted(groups.items())
    panels = [
        Panel("s hasta volver a aceptar", BLUE, medians("accepting_after_seconds")),
        Panel("s hasta volver a procesar", GREEN, medians("processing_after_seconds")),
    ]
    return [_bars("chaos-recovery", [name for name, _ in rows], panels)]


def _energy(result: dict[str, Any]) -> list[Path]:
    services = sorted(result["services"], key=lambda service: -service["share_percent"])
    drawn = [
        _bars(
            "energy-services",
            [service["name"] for service in services],
            [
                Panel(
                    "julios por millón de tweets",
                    OCHRE,
                    [s["per_million_tweets"]["joules"] for s in services],
                ),
                Panel("% del total", BLUE, [s["share_percent"] for s in services]),
            ],
        ),
        _bars(
            "energy-elsewhere",
            [place["country"] for place in result["elsewhere"]],
            [
                Panel("gCO2e por kWh", PALE, [p["gco2e_per_kwh"] for p in result["elsewhere"]]),
                Panel(
                    "SCI: gCO2e por millón de tweets",
                    GREEN,
                    [p["sci_gco2e_per_million_tweets"] for p in result["elsewhere"]],
                ),
            ],
        ),
    ]
    if ways := result["ways"]:
        names = ("llamadas unarias", "flujo de lotes", "listas por POST")
        values = [way["joules_per_million_tweets"] for way in ways]
        drawn.append(_bars("energy-ways", names, [Panel("julios por millón de tweets", OCHRE, values)]))
    return drawn


def _distribution(result: dict[str, Any]) -> list[Path]:
    return [_countries(result["countries"]), _hours(result["hours"])]


def _countries(places: list[dict[str, Any]]) -> Path:
    figure, (largest, every) = plt.subplots(
        1, 2, figsize=(WIDTH_INCHES, 4.4), width_ratios=(1.25, 1), layout="constrained"
    )
    top = places[:20]
    rows = range(len(top))
    cited = [place["cited_percent"] for place in top]
    made = [place["generated_percent"] for place in top]
    largest.barh(rows, cited, color=PALE, height=0.72, label="según las fuentes")
    largest.plot(made, rows, "o", color=BLUE, markersize=4.5, label="generado")
    largest.set_yticks(rows, [place["name"] for place in top])
    largest.invert_yaxis()
    largest.set_title("% de los tweets, los veinte primeros")
    largest.tick_params(axis="y", length=0)
    largest.legend(frameon=False, loc="lower right")
    seen = [place for place in places if place["generated_percent"]]
    every.plot([0.001, 30], [0.001, 30], color=PALE, linewidth=1.2)
    every.plot(
        [place["cited_percent"] for place in seen],
        [place["generated_percent"] for place in seen],
        "o", color=BLUE, markersize=3, alpha=0.7,
    )  # fmt: skip
    every.set(xscale="log", yscale="log", xlabel="% según las fuentes", ylabel="% generado")
    every.set_title("todos los países")
    ticks = (0.001, 0.01, 0.1, 1, 10)
    for axis in (every.xaxis, every.yaxis):
        axis.set_ticks(ticks, [f"{tick:g}".replace(".", ",") for tick in ticks])
    return _save(figure, "distribution-countries")


def _hours(hours: list[dict[str, Any]]) -> Path:
    figure, axis = plt.subplots(figsize=(WIDTH_INCHES, 2.2), layout="constrained")
    axis.bar(
        range(24),
        [hour["cited_percent"] for hour in hours],
        color=PALE,
        width=0.8,
        label="según las fuentes",
    )
    axis.plot([hour["generated_percent"] for hour in hours], "o-", color=BLUE, markersize=4, label="generado")
    axis.set_xticks(range(0, 24, 3), [f"{hour} h" for hour in range(0, 24, 3)])
    axis.set_title("% de los tweets por hora local")
    axis.legend(frameon=False, loc="upper left")
    return _save(figure, "distribution-hours")


def _bars(name: str, rows: Sequence[str], panels: Sequence[Panel]) -> Path:
    """Rows as horizontal bars, side by side for every panel that has a value at all."""
    panels = [panel for panel in panels if any(value is not None for value in panel.values)]
    figure, axes = plt.subplots(
        1,
        len(panels),
        sharey=True,
        squeeze=False,
        figsize=(WIDTH_INCHES, 0.7 + 0.3 * len(rows)),
        layout="constrained",
    )
    for axis, panel in zip(axes[0], panels, strict=True):
        # Every row a place of its own, also where two have one name.
        bars = axis.barh(
            range(len(rows)), [value or 0 for value in panel.values], color=panel.colour, height=0.62
        )
        axis.bar_label(bars, [spanish.number(value) for value in panel.values], padding=3, fontsize=9)
        axis.set_yticks(range(len(rows)), rows)
        axis.set_title(panel.title)
        axis.margins(x=0.3)
        axis.xaxis.set_visible(False)
        axis.spines["bottom"].set_visible(False)
        axis.tick_params(axis="y", length=0)
    axes[0][0].invert_yaxis()
    return _save(figure, name)


def _save(figure: Any, name: str) -> Path:
    target = FIGURES / f"{name}.svg"
    figure.savefig(target, metadata={"Date": None})
    plt.close(figure)
    return target
