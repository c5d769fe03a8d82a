"""What the consumer exports, read from the declarations themselves; as a program it prints docs/metrics.md."""

import sys
from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from consumer.telemetry.metrics import ConsumerMetrics
from consumer.telemetry.worker_metrics import WorkerMetrics
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
    registry, parents = CollectorRegistry(), CollectorRegistry()
    ConsumerMetrics(registry, SystemClock())
    WorkerMetrics(parents, ())
    # A parent counts its log lines as a worker does.
    by_name = {family.name: family for family in [*registry.collect(), *parents.collect()]}
    families = [family for family in by_name.values() if not family.name.startswith(PROCESS_PREFIX)]
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
        "| metric | type | what it says |",
        "|---|---|---|",
        *rows,
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(as_markdown())
