"""The spans of a batch that is published: one for each request that its tweets came with."""

from grpc_producer.records import NO_HEADERS, Headers
from weather_tweets import traceparent
from weather_tweets.traces import Traced, Tracing


class PublishSpans:
    """From the batch's arrival to Kafka's answer."""

    __slots__ = ("_open", "_tracing")

    def __init__(self, tracing: Tracing | None) -> None:
        self._tracing = tracing
        self._open: dict[str, Traced | None] = {}
        """By the request's `traceparent`."""

    def headers(self, header: str) -> Headers:
        """The headers of a record, given the `traceparent` that its tweet came with.

        Without traces of our own it is handed on as it is.
        """
        if self._tracing is None:
            return [(traceparent.HEADER, header.encode())] if traceparent.parse(header) else NO_HEADERS
        if header not in self._open:
            self._open[header] = self._tracing.below(
                header, "publish messages", messaging__system="kafka", messaging__operation__type="send"
            )
        traced = self._open[header]
        return [(traceparent.HEADER, traced.traceparent.encode())] if traced else NO_HEADERS

    def end(self, error: str) -> None:
        """Kafka has answered; `error` is what it refused, if anything."""
        for traced in self._open.values():
            if traced:
                traced.end(error=error)
