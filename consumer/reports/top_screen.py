"""What `top` shows, fitted to a window: the same lines on a terminal and on paper."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import zip_longest

from rich.text import Text

from consumer.reports.dead_letter_summary import printable
from consumer.reports.terminal_figures import UNKNOWN
from consumer.reports.top_blocks import batch_block, flow_lines, label_block, loop_block, stage_block
from consumer.reports.top_tables import partition_lines, process_lines
from consumer.watching.trend import Trend
from consumer.watching.view import View

# From these widths on there is room for so many columns.
TWO_COLUMNS, THREE_COLUMNS = 76, 132
GAP = 2
# What each table at the lower end has at least, heading included, before the columns are cut.
TABLE_LINES_MIN = 4
UNBOUNDED = 10_000
GAPS_MAX = 3


def screen_lines(view: View, trend: Trend, width: int, height: int = UNBOUNDED, note: str = "") -> list[Text]:
    """Return at most `height` lines of `width` cells; `note` stands at the right of the first."""
    top = [_heading(view, width, note), *flow_lines(view, trend, width)]
    middle = _columns(view, width)
    several = len(view.processes) > 1 or view.answering < len(view.processes)
    process_count = len(view.processes) + 1 if several else 0
    partition_count = max(1, len(view.lag.partitions)) + 1
    # Air between the parts, where there is room for it.
    gap = [Text()] if len(top) + len(middle) + process_count + partition_count + GAPS_MAX <= height else []
    room = height - len(top)
    if not gap:
        least = min(process_count, TABLE_LINES_MIN) + min(partition_count, TABLE_LINES_MIN)
        middle = middle[: max(0, room - least)]
    room -= len(middle)
    processes_room = min(process_count, max(TABLE_LINES_MIN, room - partition_count))
    processes = process_lines(view.processes, width, processes_room) if several else []
    partitions = partition_lines(view.lag.partitions, width, max(0, room - len(processes)))
    lines = [*top, *gap, *middle, *gap, *processes, *(gap if processes else []), *partitions][:height]
    return [_fitted(line, width) for line in lines]


def _heading(view: View, width: int, note: str) -> Text:
    up = [process for process in view.processes if process.up]
    versions = sorted({process.version for process in up if process.version})
    models = sorted({f"{process.model} {process.digest}" for process in up if process.model})
    runs = printable("  ".join([f"reviewstream {' '.join(versions) or UNKNOWN}", " + ".join(models) or "no model"]))
    moment = datetime.fromtimestamp(view.at_seconds, UTC).astimezone()
    state = f"{view.answering} of {len(view.processes)} up  {moment:%H:%M:%S}" + (f"  {note}" if note else "")
    room = max(0, width - len(state) - GAP)
    missing = view.answering < len(view.processes)
    return Text.assemble((runs[:room].ljust(room + GAP), "bold"), (state, "bold red" if missing else "bold"))


def _columns(view: View, width: int) -> list[Text]:
    number = 3 if width >= THREE_COLUMNS else 2 if width >= TWO_COLUMNS else 1
    each = (width - GAP * (number - 1)) // number
    flow = [*stage_block(view), *loop_block(view, each)]
    labels = label_block(view.quality, each)
    batches = batch_block(view.batches, view.interval_seconds, each)
    columns = {1: [[*flow, *labels, *batches]], 2: [flow, [*labels, *batches]], 3: [flow, labels, batches]}[number]
    return [_side_by_side(row, each) for row in zip_longest(*columns)]


def _side_by_side(cells: Sequence[Text | None], width: int) -> Text:
    line = Text()
    for number, cell in enumerate(cells):
        line.append_text(Text(" " * GAP) if number else Text())
        line.append_text(_fitted(cell or Text(), width, pad=True))
    line.rstrip()
    return line


def _fitted(line: Text, width: int, *, pad: bool = False) -> Text:
    line.truncate(width, overflow="crop", pad=pad)
    line.no_wrap = True
    return line
