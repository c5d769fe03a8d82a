"""What a bounded job says at its end: what came of the rows, and where the time went."""

from collections.abc import Mapping
from typing import Any

import msgspec
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from consumer.bounded.steps import Step

STEP_WORDS = {
    Step.PREPARE: "model, inputs and output",
    Step.LOAD: "rows read and checked",
    Step.INFER: "texts scored, all threads added up",
    Step.POST_PROCESS: "labels and columns put together",
    Step.STORE: "written, beside the scoring",
}


class BatchSummary(msgspec.Struct, frozen=True):
    """A finished job; `labels` and `seconds` are of this run, the rows of all runs of the job."""

    output: str
    model: str
    digest: str
    rows: int
    labelled: int
    rejected: int
    resumed_rows: int
    labels: Mapping[str, int]
    seconds: Mapping[str, float]
    total_seconds: float
    rows_per_second: float
    workers: int
    peak_memory_mb: int
    rejects: str | None = None
    groups: str | None = None


def batch_object(summary: BatchSummary) -> dict[str, Any]:
    """Return the summary as it is written as JSON."""
    found: dict[str, Any] = msgspec.to_builtins(summary)
    return found


def print_batch(summary: BatchSummary, console: Console) -> None:
    """Print the summary for people."""
    console.print(Group(_counts(summary), _steps(summary), *_places(summary)))


def _counts(summary: BatchSummary) -> Table:
    table = Table("", "", "", show_header=False, box=None, pad_edge=False)
    table.columns[1].justify = table.columns[2].justify = "right"
    table.add_row("rows", f"{summary.rows:,}", "")
    if summary.resumed_rows:
        table.add_row("  of earlier runs", f"{summary.resumed_rows:,}", "")
    table.add_row("rejected", f"{summary.rejected:,}", "")
    table.add_row("labelled", f"{summary.labelled:,}", "")
    here = sum(summary.labels.values())
    for label, count in sorted(summary.labels.items()):
        table.add_row(f"  {label}", f"{count:,}", f"{count / here:.1%}")
    return table


def _steps(summary: BatchSummary) -> Table:
    table = Table("step", "seconds", "", title="", title_justify="left")
    table.columns[1].justify = "right"
    for step, words in STEP_WORDS.items():
        table.add_row(step.value, f"{summary.seconds[step.value]:.2f}", words)
    table.add_section()
    rate = f"{summary.rows_per_second:,.0f} rows/s, {summary.workers} workers, {summary.peak_memory_mb:,} MB at most"
    table.add_row("in all", f"{summary.total_seconds:.2f}", rate)
    return table


def _places(summary: BatchSummary) -> list[Text]:
    lines = [("labels", summary.output), ("rejects", summary.rejects), ("groups", summary.groups)]
    lines.append(("model", f"{summary.model} {summary.digest[:12]}"))
    return [Text(f"{name:<8} {place}") for name, place in lines if place]
