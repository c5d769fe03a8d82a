"""The rows at the lower end of what `top` shows: processes, and partitions with the worst first."""

from collections.abc import Sequence

from rich.text import Text

from consumer.reports.dead_letter_summary import printable
from consumer.reports.terminal_figures import UNKNOWN, count, rate, seconds, share, size
from consumer.reports.top_blocks import TITLE
from consumer.watching.view import PartitionView, ProcessView

PROCESS_HEAD = ("in", "lag", "behind", "parts", "cpu", "memory")
PARTITION_HEAD = ("records", "behind")
FIGURE_WIDTH = 10


def process_lines(processes: Sequence[ProcessView], width: int, lines_max: int) -> list[Text]:
    """Return a line for each process, those that don't answer first."""
    name_width = _name_width([process.address for process in processes], width, len(PROCESS_HEAD))
    rows = [_process_row(process, name_width) for process in sorted(processes, key=lambda process: process.up)]
    return _bounded([_head("processes", PROCESS_HEAD, name_width), *rows], lines_max)


def partition_lines(partitions: Sequence[PartitionView], width: int, lines_max: int) -> list[Text]:
    """Return a line for each partition, the worst first, with the address of who holds it."""
    names = [printable(f"{one.topic}/{one.partition}") for one in partitions]
    name_width = _name_width(names, width, len(PARTITION_HEAD) + 2)
    rows = [
        Text(name[:name_width].ljust(name_width))
        + Text(count(one.records).rjust(FIGURE_WIDTH) + seconds(one.seconds).rjust(FIGURE_WIDTH))
        + Text(f"  {one.address}", style="dim")
        for name, one in zip(names, partitions, strict=True)
    ]
    head = _head("partitions", PARTITION_HEAD, name_width)
    return _bounded([head, *(rows or [Text(UNKNOWN)])], lines_max)


def _process_row(process: ProcessView, name_width: int) -> Text:
    name = printable(process.address)[:name_width].ljust(name_width)
    if not process.up:
        return Text.assemble(name, ("  down: ", "bold red"), printable(process.reason))
    figures = (
        rate(process.consumed_per_second),
        count(process.lag_records),
        seconds(process.lag_seconds),
        count(process.partitions),
        share(process.processor_share),
        size(process.memory_bytes),
    )
    written = "".join(figure.rjust(FIGURE_WIDTH) for figure in figures)
    if process.workers is not None:
        # A parent reads nothing itself: its workers stand where others have their throughput.
        workers = f"  workers {process.workers_up} of {process.workers} up".ljust(2 * FIGURE_WIDTH)
        written = workers + written[len(workers) :]
    return Text.assemble(
        name,
        written,
        ("  restarted", "bold yellow") if process.restarted else "",
    )


def _head(name: str, columns: Sequence[str], name_width: int) -> Text:
    return Text(name.ljust(name_width) + "".join(column.rjust(FIGURE_WIDTH) for column in columns), style=TITLE)


def _name_width(names: Sequence[str], width: int, columns: int) -> int:
    return max(12, min(max(map(len, names), default=0), width - columns * FIGURE_WIDTH))


def _bounded(lines: list[Text], lines_max: int) -> list[Text]:
    if len(lines) <= lines_max:
        return lines
    shown = max(1, lines_max - 1)
    return [*lines[:shown], Text(f"and {len(lines) - shown} more", style="dim")][:lines_max]
