"""What the consumer exports, read from the declarations themselves."""

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
