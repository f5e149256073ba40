"""Which requests are traced: OpenTelemetry's variables `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG`.

Decided here and not by its SDK, which makes a span, for some microseconds, to find out that nobody wants it.
"""

import random
from collections.abc import Callable, Mapping

from weather_tweets.traceparent import Parent

_RATIO = "traceidratio"
_PREFIX = "parentbased_"
_RANDOM_IDS = 1 << 64
"""Of a trace id the lower half decides, as in the SDKs."""


class SamplerError(ValueError):
    """The variables name no sampler; says which there are."""


def sampler(environment: Mapping[str, str]) -> Callable[[Parent | None], bool]:
    """Whether something with this parent (None: it begins a trace) is traced. Raises `SamplerError`."""
    name = environment.get("OTEL_TRACES_SAMPLER") or "parentbased_always_on"
    kind = name.removeprefix(_PREFIX)
    if kind == "always_on":
        ratio = 1.0
    elif kind == "always_off":
        ratio = 0.0
    elif kind == _RATIO:
        ratio = _ratio(environment.get("OTEL_TRACES_SAMPLER_ARG") or "1")
    else:
        raise SamplerError(
            f"OTEL_TRACES_SAMPLER is {name}: use always_on, always_off, traceidratio, "
            "or one of these after parentbased_"
        )
    bound = ratio * _RANDOM_IDS
    by_parent = name.startswith(_PREFIX)

    def is_sampled(parent: Parent | None) -> bool:
        if parent is None:
            return random.random() < ratio  # noqa: S311 (nothing secret depends on it)
        if by_parent:
            return parent.sampled
        return parent.trace_id % _RANDOM_IDS < bound

    return is_sampled


def _ratio(argument: str) -> float:
    try:
        ratio = float(argument)
    except ValueError:
        ratio = -1.0
    if not 0 <= ratio <= 1:
        raise SamplerError(f"OTEL_TRACES_SAMPLER_ARG is {argument}: it is a share from 0 to 1")
    return ratio
