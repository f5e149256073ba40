"""The span of a batch: from the agent to its acknowledgement, with links to the traces of its tweets."""

from contextlib import AbstractContextManager, nullcontext

from streams.decoding import Batch
from weather_tweets.traces import Tracing


def batch_span(tracing: Tracing | None, batch: Batch) -> AbstractContextManager[None]:
    """None of its own where no tweet of the batch is traced."""
    if tracing is None or not batch.traceparents:
        return nullcontext()
    return tracing.batch(
        batch.traceparents,
        "process messages",
        messaging__system="kafka",
        messaging__operation__type="process",
        messaging__destination__name=batch.topic,
        messaging__destination__partition__id=str(batch.partition),
        messaging__batch__message_count=len(batch.tweets) + len(batch.dead),
        messaging__kafka__offset=batch.last,
    )
