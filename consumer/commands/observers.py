"""Who hears of the loop: the metrics, the log, and traces where OpenTelemetry is installed."""

from importlib.metadata import version

from consumer.scoring.ports import Observer
from consumer.telemetry.batch_log import BatchLog
from consumer.telemetry.told_together import BatchObserver, ToldTogether
from shared.clock import SystemClock


def loop_observer(metrics: Observer, topic: str, group: str) -> Observer:
    """Return the observer that the loop of this topic tells."""
    return ToldTogether(metrics, [BatchLog(), *batch_spans(topic, group)])


def batch_spans(topic: str, group: str) -> list[BatchObserver]:
    """Return what records traces: one, or none where the extra `otel` is not installed."""
    try:
        from opentelemetry.trace import get_tracer  # noqa: PLC0415 - an optional package

        from consumer.telemetry.traces import BatchSpans  # noqa: PLC0415 - it needs that package
    except ImportError:
        return []
    return [BatchSpans(get_tracer("reviewstream", version("reviewstream")), SystemClock(), topic, group)]
