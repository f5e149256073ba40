"""Traces by OpenTelemetry, off unless its standard variables ask for them; off, nothing of it is imported.

`OTEL_EXPORTER_OTLP_ENDPOINT` (or `…_TRACES_ENDPOINT`) or `OTEL_TRACES_EXPORTER=otlp` turns them on. The rest
(`OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_BSP_*`, `OTEL_EXPORTER_OTLP_*`) the SDK reads itself.
"""

import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING

from weather_tweets import traceparent
from weather_tweets.sampling import SamplerError, sampler

if TYPE_CHECKING:
    from opentelemetry.trace import Link, Span, SpanKind

log = logging.getLogger(__name__)

CLOSE_SECONDS = 3.0
"""How long the end of a process waits for its last spans to be delivered."""

MAX_LINKS = 128
"""As the SDK has it; who sent a batch that holds more traced tweets is found from these."""


def tracing(service: str, environment: Mapping[str, str] = os.environ) -> "Tracing | None":
    """The traces of a service, None where nobody asked for them.

    What is wrong with the variables, or missing, is logged, and there are none: OpenTelemetry has it that
    traces keep no service from its work.
    """
    if not _is_asked_for(environment):
        return None
    protocol = environment.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") or environment.get(
        "OTEL_EXPORTER_OTLP_PROTOCOL"
    )
    if protocol not in (None, "", "http/protobuf"):
        log.error(
            "No traces: OTEL_EXPORTER_OTLP_PROTOCOL is %s, and only http/protobuf is spoken: leave it unset, "
            "and let OTEL_EXPORTER_OTLP_ENDPOINT name the collector's port for HTTP, as a rule 4318",
            protocol,
        )
        return None
    try:
        return Tracing(service, environment)
    except SamplerError as error:
        log.error("No traces: %s", error)
        return None
    except ModuleNotFoundError as error:
        log.error("No traces: %s is not installed; install weather-tweets[traces]", error.name)
        return None


def _is_asked_for(environment: Mapping[str, str]) -> bool:
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    exporter = environment.get("OTEL_TRACES_EXPORTER", "").strip().lower()
    if exporter:
        return exporter == "otlp"
    return any(
        environment.get(name)
        for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    )


class Traced:
    """A span that is not over."""

    __slots__ = ("_span", "traceparent")

    def __init__(self, span: "Span") -> None:
        self._span = span
        context = span.get_span_context()
        self.traceparent = traceparent.of(context.trace_id, context.span_id)
        """What the next service gets, so that its spans are below this one."""

    def end(self, *, error: str = "", **attributes: str | int) -> None:
        """It is over; `error` says why in vain. Attributes are named with `__` for a dot."""
        from opentelemetry.trace import Status, StatusCode

        for name, value in attributes.items():
            self._span.set_attribute(name.replace("__", "."), value)
        if error:
            self._span.set_status(Status(StatusCode.ERROR, error))
        self._span.end()


class Tracing:
    """Makes a service's spans and delivers them."""

    def __init__(self, service: str, environment: Mapping[str, str]) -> None:
        # Here and not above: without traces they need neither be there nor be loaded.
        from opentelemetry import trace
        from opentelemetry.context import Context
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.trace.sampling import ALWAYS_ON

        self._is_sampled = sampler(environment)
        own_name = {} if environment.get("OTEL_SERVICE_NAME") else {"service.name": f"weather-{service}"}
        self._trace = trace
        self._nowhere = Context()
        self._provider = TracerProvider(
            # What is not sampled does not come this far.
            sampler=ALWAYS_ON,
            resource=Resource.create(own_name),
            # It would wait for as long as the collector is away.
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("weather_tweets")

    def request(self, header: str | None, name: str, **attributes: str | int) -> Traced | None:
        """The span of a request with this `traceparent`; None if it is not sampled."""
        parent = traceparent.parse(header) if header else None
        if not self._is_sampled(parent):
            return None
        return self._begin(parent, name, self._trace.SpanKind.SERVER, attributes)

    def below(self, header: str, name: str, **attributes: str | int) -> Traced | None:
        """A span that sends on what came with this `traceparent`; None if it is none of a sampled span."""
        parent = traceparent.parse(header)
        if parent is None or not parent.sampled:
            return None
        return self._begin(parent, name, self._trace.SpanKind.PRODUCER, attributes)

    @contextmanager
    def batch(self, headers: Iterable[str], name: str, **attributes: str | int) -> Iterator[None]:
        """The span of what is done for many traces at once, with links to them; `step`s inside are below it.

        There is none if none of them is sampled.
        """
        parents = [parent for header in headers if (parent := traceparent.parse(header)) and parent.sampled]
        if not parents:
            yield
            return
        links = [self._link(parent) for parent in parents[:MAX_LINKS]]
        named = {key.replace("__", "."): value for key, value in attributes.items()}
        with self._tracer.start_as_current_span(
            name, self._nowhere, self._trace.SpanKind.CONSUMER, named, links
        ):
            yield

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """A call within the span that is under way; nothing if none is."""
        if not self._trace.get_current_span().is_recording():
            yield
            return
        with self._tracer.start_as_current_span(name, kind=self._trace.SpanKind.CLIENT):
            yield

    def close(self) -> None:
        """Delivers what is left, within `CLOSE_SECONDS`."""
        # The SDK's own waits for an exporter that tries again and again.
        last = Thread(target=self._provider.shutdown, name="last-spans", daemon=True)
        last.start()
        last.join(CLOSE_SECONDS)

    def _begin(
        self,
        parent: traceparent.Parent | None,
        name: str,
        kind: "SpanKind",
        attributes: Mapping[str, str | int],
    ) -> Traced:
        context = self._nowhere
        if parent:
            context = self._trace.set_span_in_context(self._remote(parent), context)
        named = {key.replace("__", "."): value for key, value in attributes.items()}
        return Traced(self._tracer.start_span(name, context, kind, named))

    def _remote(self, parent: traceparent.Parent) -> "Span":
        trace = self._trace
        flags = trace.TraceFlags(trace.TraceFlags.SAMPLED)
        span: Span = trace.NonRecordingSpan(
            trace.SpanContext(parent.trace_id, parent.span_id, is_remote=True, trace_flags=flags)
        )
        return span

    def _link(self, parent: traceparent.Parent) -> "Link":
        return self._trace.Link(self._remote(parent).get_span_context())
