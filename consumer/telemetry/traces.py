"""Batches as spans, through the OpenTelemetry API alone: who sets up an SDK gets them, nobody else pays for them.

Names follow OpenTelemetry's conventions for messaging. A batch has many reviews and so no parent: it links to the
trace context that each of them carries, which its label carries on. `tracestate` is not carried: it is optional to
whoever passes a trace context on, and a label's headers are written once for each review.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from opentelemetry.trace import Span, SpanContext, SpanKind, Tracer, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from consumer.scoring.outcome import Outcome, ReadableRecords
from consumer.scoring.ports import BatchTimes
from shared.clock import Clock
from shared.codec import TRACEPARENT

# As many as the SDK keeps of a span by default.
LINKS_MAX = 128
NANOSECONDS = 1_000_000_000
_read_context = TraceContextTextMapPropagator().extract


class BatchSpans:
    """Makes one span a batch; looks at single reviews only where it is recorded."""

    def __init__(self, tracer: Tracer, clock: Clock, topic: str, group: str) -> None:
        self._tracer = tracer
        self._clock = clock
        self._name = f"process {topic}"
        self._attributes = {
            "messaging.system": "kafka",
            "messaging.operation.type": "process",
            "messaging.operation.name": "process",
            "messaging.destination.name": topic,
            "messaging.consumer.group.name": group,
        }

    def scored(self, outcome: Outcome[ReadableRecords], times: BatchTimes) -> None:
        """Record a span that ends now and began when the batch had been read."""
        ended_s = self._clock.now()
        began_s = ended_s - times.decode_s - times.score_s - times.deliver_s
        span = self._tracer.start_span(
            self._name,
            kind=SpanKind.CONSUMER,
            attributes=self._attributes,
            start_time=int(began_s * NANOSECONDS),
        )
        if span.is_recording():
            _describe(span, outcome)
        span.end(int(ended_s * NANOSECONDS))


def _describe(span: Span, outcome: Outcome[ReadableRecords]) -> None:
    counts: dict[str, Any] = {
        "messaging.batch.message_count": len(outcome.batch),
        "reviews.dead_lettered": len(outcome.dead_letters),
        "reviews.batch.closed_by": outcome.batch.closed_by.value,
    }
    counts |= {f"reviews.labelled.{label}": count for label, count in Counter(outcome.scores.labels).items()}
    span.set_attributes(counts)
    for context, _ in zip(_contexts(outcome.labelled), range(LINKS_MAX), strict=False):
        span.add_link(context)


def _contexts(readable: ReadableRecords) -> Iterator[SpanContext]:
    """Yield the trace contexts that reviews carry; one that can't be read is none."""
    for traceparent in readable.traceparents:
        if traceparent is not None:
            carried = _read_context({TRACEPARENT: traceparent.decode("ascii", "replace")})
            context = get_current_span(carried).get_span_context()
            if context.is_valid:
                yield context
