"""The span of a batch, as an OpenTelemetry SDK records it."""

import sys
from collections.abc import Sequence

import numpy as np
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import NoOpTracer, SpanKind, Tracer

from consumer.commands.observers import batch_spans
from consumer.scoring.ports import BatchTimes
from consumer.telemetry import traces
from consumer.telemetry.traces import LINKS_MAX, BatchSpans
from tests.support.fake_clock import START_S, FakeClock
from tests.support.fake_scorer import outcome_of
from tests.support.memory_records import MemoryRecord, review_value

TIMES = BatchTimes(np.array([0.1]), poll_s=0.5, decode_s=0.01, score_s=0.02, deliver_s=0.04)


def traced(number: int, content: bytes | None = None) -> MemoryRecord:
    """Return a review that carries a trace of its own."""
    header = f"00-{number:032x}-{number:016x}-01".encode()
    return MemoryRecord(content or review_value("an-id"), pairs=[("traceparent", header)])


def spans_of(*batches: Sequence[MemoryRecord]) -> tuple[ReadableSpan, ...]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    observe(provider.get_tracer("test"), *batches)
    return exporter.get_finished_spans()


def observe(tracer: Tracer, *batches: Sequence[MemoryRecord]) -> None:
    spans = BatchSpans(tracer, FakeClock(), "reviews", "a-group")
    for batch in batches:
        spans.scored(outcome_of(batch), TIMES)


def test_a_batch_is_one_span_named_by_the_conventions_with_what_became_of_it() -> None:
    good, bad = MemoryRecord(review_value("an-id", "a good lamp")), MemoryRecord(b"?")
    (span,) = spans_of([good, bad, good])
    assert (span.name, span.kind, span.parent) == ("process reviews", SpanKind.CONSUMER, None)
    assert dict(span.attributes or {}) == {
        "messaging.system": "kafka",
        "messaging.operation.type": "process",
        "messaging.operation.name": "process",
        "messaging.destination.name": "reviews",
        "messaging.consumer.group.name": "a-group",
        "messaging.batch.message_count": 3,
        "reviews.dead_lettered": 1,
        "reviews.batch.closed_by": "drained",
        "reviews.labelled.positive": 2,
    }


def test_it_lasts_from_the_reading_of_the_batch_until_it_is_handed_over() -> None:
    (span,) = spans_of([traced(1)])
    assert span.end_time == START_S * 1e9
    assert span.start_time == pytest.approx((START_S - 0.07) * 1e9, abs=1000)


def test_it_links_to_the_trace_of_each_review_that_carries_one() -> None:
    unreadable = MemoryRecord(review_value("an-id"), pairs=[("traceparent", b"\xff rubbish")])
    (span,) = spans_of([traced(7), MemoryRecord(review_value("an-id")), unreadable, traced(8)])
    assert [(link.context.trace_id, link.context.span_id) for link in span.links] == [(7, 7), (8, 8)]


def test_links_are_bounded_whatever_the_batch() -> None:
    (span,) = spans_of([traced(number) for number in range(1, 2 * LINKS_MAX)])
    assert [link.context.trace_id for link in span.links] == list(range(1, LINKS_MAX + 1))


def test_every_batch_begins_a_trace_of_its_own() -> None:
    first, second = spans_of([traced(1)], [traced(1)])
    assert first.context is not None
    assert second.context is not None
    assert first.context.trace_id != second.context.trace_id


@pytest.mark.parametrize("tracer", [NoOpTracer(), TracerProvider(sampler=ALWAYS_OFF).get_tracer("test")])
def test_no_trace_context_is_read_where_nothing_is_recorded(tracer: Tracer) -> None:
    outcome = outcome_of([traced(1)])
    spans = BatchSpans(tracer, FakeClock(), "reviews", "a-group")
    read_context = traces._read_context
    try:
        # Whoever called it would fail.
        vars(traces)["_read_context"] = None
        spans.scored(outcome, TIMES)
    finally:
        vars(traces)["_read_context"] = read_context


def test_where_the_api_is_installed_the_loop_is_traced_through_it() -> None:
    (spans,) = batch_spans("reviews", "a-group")
    spans.scored(outcome_of([traced(1)]), TIMES)


def test_where_the_api_is_not_installed_nothing_is_traced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", None)
    assert batch_spans("reviews", "a-group") == []
