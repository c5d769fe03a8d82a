"""What the demo shows at its end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.bar import Bar
from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from consumer.kafka.audit_result import AuditResult
from shared.reviews import Label

COLOURS = {"positive": "green", "neutral": "yellow", "negative": "red"}
SHOWN_LABELS = 6
EMBEDDED = "embedded"


@dataclass(frozen=True, slots=True)
class DemoResult:
    """Everything the demo found; latencies in seconds, `truth` maps a review's id to its known label."""

    broker: str
    model: str
    labels: Sequence[Label]
    truth: Mapping[str, str]
    latencies_s: NDArray[np.float64]
    rate_per_s: float
    burst_per_s: float
    dead_letter_reasons: Sequence[str]
    audit: AuditResult
    exit_code: int
    seconds: float

    @property
    def accuracy(self) -> float:
        """Share of the reviews whose more probable side is the known one, neutral or not."""
        return self._share_right([label for label in self.labels if label.review_id in self.truth])

    @property
    def accuracy_of_decided(self) -> float:
        """The same among those that were not labelled neutral."""
        return self._share_right(
            [label for label in self.labels if label.review_id in self.truth and label.label != "neutral"]
        )

    @property
    def neutral(self) -> int:
        """How many reviews were too close to call."""
        return sum(label.label == "neutral" for label in self.labels)

    def _share_right(self, labels: Sequence[Label]) -> float:
        right = [max(label.scores, key=label.scores.__getitem__) == self.truth[label.review_id] for label in labels]
        return sum(right) / len(right) if right else 0.0

    @property
    def succeeded(self) -> bool:
        """Whether nothing was lost and the consumer left as it should."""
        return self.audit.holds and self.exit_code == 0


def print_summary(result: DemoResult, console: Console) -> None:
    """Print what the demo found."""
    console.print(_some_labels(result))
    console.print(_latency_plot(result))
    console.print(_figures(result))


def _some_labels(result: DemoResult) -> Table:
    table = Table("review", "label", "confidence", "known", title="a few labelled reviews", title_justify="left")
    step = max(1, len(result.labels) // SHOWN_LABELS)
    for label in result.labels[::step][:SHOWN_LABELS]:
        known = result.truth.get(label.review_id, "")
        mark = Text(known, style="" if known == label.label else "bold")
        table.add_row(label.review_id, Text(label.label, style=COLOURS[label.label]), f"{label.score:.0%}", mark)
    return table


def _latency_plot(result: DemoResult) -> Panel:
    p50, p95, p99 = np.percentile(result.latencies_s, [50, 95, 99]) * 1000
    grid = Table.grid(padding=(0, 1))
    for name, value in (("p50", p50), ("p95", p95), ("p99", p99)):
        grid.add_row(name, f"{value:,.0f} ms", Bar(p99, 0, value, width=50, color="cyan"))
    title = f"end to end at {result.rate_per_s:,.0f} reviews/s: published to label stored"
    return Panel(Group(grid), title=title, title_align="left", expand=False)


def _figures(result: DemoResult) -> Table:
    audit = result.audit
    grid = Table.grid(padding=(0, 2))
    grid.add_row("broker", result.broker)
    grid.add_row("model", result.model)
    grid.add_row("accuracy", f"{result.accuracy:.1%} of {len(result.labels):,} reviews the model had not seen")
    grid.add_row("", f"{result.accuracy_of_decided:.1%} without the {result.neutral:,} that it calls neutral")
    grid.add_row("throughput", f"{result.burst_per_s:,.0f} reviews/s when they come all at once")
    grid.add_row(
        "dead letters", f"{audit.dead_lettered} ({', '.join(result.dead_letter_reasons)}), thrown in on purpose"
    )
    sign = Text("✔ holds", style="bold green") if audit.holds else Text("✘ BROKEN", style="bold red")
    sum_ = f"{audit.inputs:,} inputs = {audit.labelled:,} labels + {audit.dead_lettered:,} dead letters"
    grid.add_row("proof", Text.assemble(f"{sum_}, {audit.missing} missing, {audit.repeated} repeated  ", sign))
    if result.broker == EMBEDDED:
        grid.add_row("", "counted, but no evidence: an embedded broker does not keep Kafka's promises")
    grid.add_row("consumer", f"stopped with exit code {result.exit_code}")
    grid.add_row("time", f"{result.seconds:.0f} s")
    return grid
