"""What the consumer exports, read from the declarations themselves; as a program it prints docs/metrics.md."""

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Metric

from consumer.telemetry import metrics_page as page
from consumer.telemetry.comparison_metrics import ComparisonCollector
from consumer.telemetry.metric_groups import GROUPS, PROCESS_METRICS, MetricGroup, MetricLabel
from consumer.telemetry.metrics import ConsumerMetrics
from consumer.telemetry.worker_metrics import WorkerMetrics
from shared.clock import SystemClock

PREFIX = "reviews_"
PROCESS_PREFIX = "process_"

RUN = "run"
# Which program declares what, each in a registry of its own.
DECLARATIONS: dict[str, Callable[[CollectorRegistry], object]] = {
    RUN: lambda registry: ConsumerMetrics(registry, SystemClock()),
    "run --workers": lambda registry: WorkerMetrics(registry, ()),
    "compare": lambda registry: registry.register(ComparisonCollector()),
}


@dataclass(frozen=True, slots=True)
class DeclaredMetric:
    """One metric: its name as a query writes it, its type, its help text, its unit and its labels."""

    name: str
    kind: str
    documentation: str
    unit: str
    labels: tuple[MetricLabel, ...]


def declared_metrics() -> list[DeclaredMetric]:
    """Return every metric of ours, process figures apart, by question; KeyError names one that belongs to none."""
    families = {_query_name(family): family for program in DECLARATIONS for family in _declared_by(program)}
    facts = {PREFIX + metric.name: metric for group in GROUPS for metric in group.metrics}
    places = {name: number for number, name in enumerate(facts)}
    return [
        DeclaredMetric(name, families[name].type, families[name].documentation, facts[name].unit, facts[name].labels)
        for name in sorted(families, key=places.__getitem__)
    ]


def metric_names() -> set[str]:
    """Return the names of all metrics, histograms without _bucket, _sum and _count."""
    return {name for program in DECLARATIONS for name in names_declared_by(program)}


def names_declared_by(program: str) -> set[str]:
    """Return the names of the metrics that one program exports."""
    return {_query_name(family) for family in _declared_by(program)}


def as_markdown() -> str:
    """Return docs/metrics.md."""
    return "\n".join([*_tables(), *_guide()]) + "\n"


def _declared_by(program: str) -> Iterator[Metric]:
    registry = CollectorRegistry()
    DECLARATIONS[program](registry)
    return (family for family in registry.collect() if not family.name.startswith(PROCESS_PREFIX))


def _query_name(family: Metric) -> str:
    return family.name + ("_total" if family.type == "counter" else "")


def _tables() -> Iterator[str]:
    declared = declared_metrics()
    yield from (
        "# Metrics",
        "",
        "What `/metrics` of the consumer shows. `make docs` writes this page from the declarations, and a test moves",
        "each of them with a real broker. Every label value that is known in advance is there as 0 from the start; no",
        "label carries a key, an id, a text or a message. What is not known is absent: there is no NaN.",
    )
    for group in GROUPS:
        rows = [metric for metric in declared if metric.name in _names(group)]
        if rows:
            yield from ("", f"## {group.title}", "", group.question, "")
            yield from _table(
                ("metric", "type", "unit", "labels", "what it says"),
                (
                    (f"`{row.name}`", row.kind, row.unit, "; ".join(map(_label, row.labels)), row.documentation)
                    for row in rows
                ),
            )
    yield from ("", "Of the process itself, on Linux:", "")
    yield from _table(
        ("metric", "type", "unit", "what it says"),
        ((f"`{name}`", kind, unit, says) for name, kind, unit, says in PROCESS_METRICS),
    )


def _guide() -> Iterator[str]:
    yield from ("", "## Partitions that nobody holds", "", page.UNHELD)
    yield from ("", "## Questions in PromQL", "")
    for question, query in page.QUERIES:
        yield f"- {question}:\n  `{query}`"
    yield from (
        "",
        "## To scrape it",
        "",
        "```yaml",
        page.SCRAPE.rstrip(),
        "```",
        "",
        "## Exemplars",
        "",
        page.EXEMPLARS,
        "",
        "## Texts in other languages",
        "",
        page.LANGUAGES,
    )
    yield from ("", "## Known by other names", "")
    yield from ("Nothing is exported twice. In OpenTelemetry's conventions for messaging and processes:", "")
    yield from _table(("OpenTelemetry", "here"), ((f"`{name}`", here) for name, here in page.OPENTELEMETRY))
    yield from ("", "Exporters that ask the broker from outside the group:", "")
    yield from _table(("exporter", "here"), ((f"`{name}`", here) for name, here in page.EXPORTERS))


def _names(group: MetricGroup) -> set[str]:
    return {PREFIX + metric.name for metric in group.metrics}


def _label(label: MetricLabel) -> str:
    values = ", ".join(label.values) if label.values else f"*{label.bounded_by}*"
    return f"`{label.name}`: {values}"


def _table(titles: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield "| " + " | ".join(titles) + " |"
    yield "|" + "---|" * len(titles)
    for row in rows:
        yield "| " + " | ".join(row) + " |"


if __name__ == "__main__":
    sys.stdout.write(as_markdown())
