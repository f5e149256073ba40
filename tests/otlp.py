"""A small receiver of OTLP over HTTP, with the protocol's real messages."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.loadgen.http import Answer, Request, serving


class Received:
    """The spans that came, with the name of the service that each is of."""

    def __init__(self) -> None:
        self.url = ""
        self._spans: list[tuple[str, Span]] = []
        self._lock = Lock()

    def __call__(self, request: Request) -> Answer:
        assert (request.method, request.path) == ("POST", "/v1/traces")
        assert request.headers["content-type"] == "application/x-protobuf"
        body = request.body
        if request.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        sent = ExportTraceServiceRequest.FromString(body)
        with self._lock:
            for resource in sent.resource_spans:
                names = {each.key: each.value.string_value for each in resource.resource.attributes}
                for scope in resource.scope_spans:
                    self._spans += [(names["service.name"], span) for span in scope.spans]
        return Answer(
            200, ExportTraceServiceResponse().SerializeToString(), {"Content-Type": "application/x-protobuf"}
        )

    def of(self, service: str) -> list[Span]:
        with self._lock:
            return [span for name, span in self._spans if name == service]


def attributes(span: Span) -> dict[str, Any]:
    return {each.key: getattr(each.value, str(each.value.WhichOneof("value"))) for each in span.attributes}


@contextmanager
def receiving() -> Iterator[Received]:
    received = Received()
    with serving(received) as received.url:
        yield received
