"""How sure the figures are: low, best and high, from the ranges of what goes into them; what matters most.

Low has every input at its low end, high every one at its high end: bounds, not a probability. The effect of
one input is what the SCI would be with that one at its ends and all others at their best.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from operations.energy import footprint
from operations.energy.footprint import Footprint
from weather_tweets.settings import EnergySettings

GIGABYTE = 1e9


class Range(msgspec.Struct, frozen=True):
    """A figure between two bounds."""

    low: float
    best: float
    high: float


class Input(msgspec.Struct, frozen=True):
    """Something that goes into the figures; `kind` is where its value comes from."""

    name: str
    unit: str
    kind: Literal["measured", "modelled", "assumed"]
    value: Range
    source: str
    sci_low: float
    """gCO2e per million tweets with this input at its low end and all others at their best."""
    sci_high: float


class Uncertainty(msgspec.Struct, frozen=True):
    """Per million tweets, all services; the grid's intensity is a yearly mean and has no range here."""

    joules: Range
    gco2e: Range
    sci_gco2e: Range
    inputs: list[Input]


class Use(NamedTuple):
    """What a million tweets took in one run: the joules are the meter's."""

    joules: float
    cpu_seconds: float
    gigabyte_seconds: float


class _Values(NamedTuple):
    """One value of each input."""

    use: Use
    busy_watts: float
    memory_watts: float
    overhead: float
    server_kgco2e: float


def of(
    uses: Sequence[Use], gco2e_per_kwh: float, settings: EnergySettings, *, is_estimate: bool
) -> Uncertainty:
    """From the runs, the one in the middle being the best. Where energy was measured, no model has a part."""
    by_joules = sorted(uses)
    middle = by_joules[(len(by_joules) - 1) // 2]
    best = _Values(
        middle,
        settings.watts_per_busy_cpu,
        settings.watts_per_gigabyte,
        settings.power_usage_effectiveness,
        settings.server_embodied_kgco2e,
    )

    def cost(values: _Values) -> Footprint:
        use = values.use
        joules = use.joules
        if is_estimate:
            watt_seconds = use.cpu_seconds * values.busy_watts + use.gigabyte_seconds * values.memory_watts
            joules = watt_seconds * values.overhead
        server = settings.model_copy(update={"server_embodied_kgco2e": values.server_kgco2e})
        return footprint.footprint(joules, use.cpu_seconds, gco2e_per_kwh, server)

    ends = _ends(best, by_joules, is_estimate=is_estimate)
    lowest, highest = best, best
    inputs = []
    for field, known in ends.items():
        low, high = _with(best, field, known.low), _with(best, field, known.high)
        lowest, highest = _with(lowest, field, known.low), _with(highest, field, known.high)
        inputs.append(known.input(getattr(best, field), cost(low).gco2e, cost(high).gco2e))
    figures = [cost(values) for values in (lowest, best, highest)]

    def between(figure: Callable[[Footprint], float]) -> Range:
        return Range(*(figure(each) for each in figures))

    return Uncertainty(
        joules=between(lambda each: each.joules),
        gco2e=between(lambda each: each.operational_gco2e),
        sci_gco2e=between(lambda each: each.gco2e),
        inputs=sorted(inputs, key=lambda each: each.sci_low - each.sci_high),
    )


def _with(values: _Values, field: str, value: "float | Use") -> _Values:
    changed: dict[str, Any] = {field: value}
    return values._replace(**changed)


class _Known(NamedTuple):
    """The ends of an input's range."""

    name: str
    unit: str
    kind: Literal["measured", "modelled", "assumed"]
    low: "float | Use"
    high: "float | Use"
    source: str

    def input(self, best: "float | Use", sci_low: float, sci_high: float) -> Input:
        low, middle, high = (
            each.joules if isinstance(each, Use) else each for each in (self.low, best, self.high)
        )
        return Input(
            self.name, self.unit, self.kind, Range(low, middle, high), self.source, sci_low, sci_high
        )


def _ends(best: _Values, by_joules: Sequence[Use], *, is_estimate: bool) -> dict[str, _Known]:
    """By the field of `_Values`. A best value of the user's own beyond an end is that end."""
    ends = {
        "use": _Known("work of the runs", "J", "measured", by_joules[0], by_joules[-1], "these runs"),
        "server_kgco2e": _assumed(
            "making the server", "kgCO2e", best.server_kgco2e, 500.0, 2000.0,
            "half and twice the best: manufacturers' own figures of servers differ by as much",
        ),
    }  # fmt: skip
    if is_estimate:
        ends |= {
            "busy_watts": _modelled(
                "a busy CPU", "W", best.busy_watts, 1.69, 4.74,
                "Cloud Carbon Footprint, full load of a virtual CPU: AMD EPYC 2nd generation; Intel Haswell",
            ),
            "memory_watts": _modelled(
                "memory", "W/GB", best.memory_watts, 0.375, 0.408,
                "Cloud Carbon Footprint: figures of two manufacturers, of which the best is the mean",
            ),
            "overhead": _assumed(
                "the building (PUE)", "", best.overhead, 1.0, 1.58,
                "no building; Uptime Institute's survey of 2023, mean of data centres",
            ),
        }  # fmt: skip
    return ends


def _modelled(name: str, unit: str, best: float, low: float, high: float, source: str) -> _Known:
    return _Known(name, unit, "modelled", min(low, best), max(high, best), source)


def _assumed(name: str, unit: str, best: float, low: float, high: float, source: str) -> _Known:
    return _Known(name, unit, "assumed", min(low, best), max(high, best), source)
