"""What the consumer exports, read from the declarations themselves; as a program it prints docs/metrics.md."""

import sys
from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from consumer.telemetry.metrics import ConsumerMetrics
from shared.clock import SystemClock

PROCESS_PREFIX = "process_"


@dataclass(frozen=True, slots=True)
class DeclaredMetric:
    """One metric: its name as a query writes it, its type and its help text."""

    name: str
    kind: str
    documentation: str


def declared_metrics() -> list[DeclaredMetric]:
    """Return every metric of the consumer, process figures apart, in order of declaration."""
    registry = CollectorRegistry()
    ConsumerMetrics(registry, SystemClock())
    families = [family for family in registry.collect() if not family.name.startswith(PROCESS_PREFIX)]
    return [
        DeclaredMetric(family.name + ("_total" if family.type == "counter" else ""), family.type, family.documentation)
        for family in families
    ]


def metric_names() -> set[str]:
    """Return the names, histograms without _bucket, _sum and _count."""
    return {metric.name for metric in declared_metrics()}


def as_markdown() -> str:
    """Return docs/metrics.md."""
    rows = [f"| `{metric.name}` | {metric.kind} | {metric.documentation} |" for metric in declared_metrics()]
    lines = [
        "# Metrics",
        "",
        "What `/metrics` of the consumer shows, beside the usual `process_*`. `make docs` writes this page from the",
        "declarations. Every label value that is known in advance is there as 0 from the start; no label carries a",
        "key, an id, a text or a message.",
        "",
        "Texts in another language show as terms that the model does not know. Their language is not guessed: even the",
        "fastest library tried, CLD2, takes several times as long for a one-liner as the model.",
        "",
        "An exemplar of `reviews_end_to_end_latency_seconds` leads to the slowest record of a batch, the newest in",
        "each bucket: by its `trace_id` where it has a `traceparent` header, else by `partition` and `offset`. Scrapers",
        "that ask for OpenMetrics see it.",
        "",
        "| metric | type | what it says |",
        "|---|---|---|",
        *rows,
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(as_markdown())
