"""The parts of what `top` shows, each as lines that fit a width."""

from collections.abc import Sequence

from rich.text import Text

from consumer.reports.dead_letter_summary import printable
from consumer.reports.terminal_figures import UNKNOWN, bar, count, course, rate, seconds, share, size
from consumer.watching.trend import Trend
from consumer.watching.view import Batches, Quality, SizeCount, View

TITLE = "bold cyan"
NAME_WIDTH = 10
FIGURE_WIDTH = 9
# A bar, the name before it and the figures behind.
BAR_ROOM = NAME_WIDTH + 12
BAR_WIDTH_MIN = 4
COLOURS = {"positive": "green", "neutral": "yellow", "negative": "red"}
LAG_WARNS_S = 10.0
# Powers of two are too many rows: so many of them share one.
BUCKETS_A_ROW = 2


def flow_lines(view: View, trend: Trend, width: int) -> list[Text]:
    """Return what goes in and out, how long it takes, how far behind it is, and what it holds."""
    flow, latency, lag = view.flow, view.latency, view.lag
    dead = flow.dead_lettered_per_second
    reasons = sorted(
        (reason for reason, found in flow.dead_letters.items() if found), key=flow.dead_letters.__getitem__
    )
    limit = f" of {size(view.memory_limit_bytes)}" if view.memory_limit_bytes else ""
    quantiles = (("p50", latency.p50), ("p95", latency.p95), ("p99", latency.p99))
    return [
        _with_course(
            Text.assemble(
                ("in".ljust(NAME_WIDTH), TITLE),
                (rate(flow.consumed_per_second), "bold"),
                f"  labelled {rate(flow.labelled_per_second)}  ",
                (f"dead {rate(dead)}", "red" if dead else ""),
                f" {printable(' '.join(reasons[-2:]))}" if dead else "",
            ),
            trend.consumed_per_second,
            width,
        ),
        _with_course(
            Text.assemble(
                ("latency".ljust(NAME_WIDTH), TITLE),
                "  ".join(f"{name} {seconds(value)}" for name, value in quantiles),
            ),
            trend.latency_p99,
            width,
        ),
        _with_course(
            Text.assemble(
                ("lag".ljust(NAME_WIDTH), TITLE),
                (f"{count(lag.records)} records  ", "bold" if lag.records else ""),
                (seconds(lag.seconds), "red" if (lag.seconds or 0) > LAG_WARNS_S else ""),
                "  catching up" if any(process.catching_up for process in view.processes) else "",
            ),
            trend.lag_records,
            width,
        ),
        Text.assemble(
            ("holds".ljust(NAME_WIDTH), TITLE),
            f"in flight {count(view.inflight_records)}, {size(view.inflight_bytes)}  "
            f"memory {size(view.memory_bytes)}{limit}",
        ),
        Text.assemble(("group".ljust(NAME_WIDTH), TITLE), _happened(view)),
    ]


def stage_block(view: View) -> list[Text]:
    """Return where time goes: each stage's quantiles."""
    head = "stages".ljust(NAME_WIDTH) + "".join(name.rjust(FIGURE_WIDTH) for name in ("p50", "p95", "p99"))
    rows = [
        printable(stage).ljust(NAME_WIDTH)
        + "".join(seconds(value).rjust(FIGURE_WIDTH) for value in (found.p50, found.p95, found.p99))
        for stage, found in view.stages.items()
    ]
    return [Text(head, style=TITLE), *map(Text, rows or [UNKNOWN])]


def loop_block(view: View, width: int) -> list[Text]:
    """Return what the loop does with its time."""
    rows = [
        _bar_row(state, part, width, share(part), "dim" if state == "poll" else "blue")
        for state, part in view.loop.items()
    ]
    return [Text("loop", style=TITLE), *(rows or [Text(UNKNOWN)])]


def label_block(quality: Quality, width: int) -> list[Text]:
    """Return the mix of labels beside that on held-out data, and how far they can be relied on."""
    names = [*dict.fromkeys([*quality.labels, *quality.reference])]
    rows = []
    for name in names:
        part, reference = quality.labels.get(name), quality.reference.get(name)
        figures = f"{share(part)} ({share(reference)})" if reference is not None else share(part)
        rows.append(_bar_row(name, part or 0.0, width, figures, COLOURS.get(name, "blue")))
    return [
        Text("labels", style=TITLE) + Text("    share (on held-out data)" if quality.reference else "", style="dim"),
        *(rows or [Text(UNKNOWN)]),
        Text(f"expected accuracy  {share(quality.expected_accuracy)}"),
        Text(f"unknown terms      {share(quality.unknown_terms_share)}"),
        Text(f"agree with rating  {share(quality.rating_agreement_share)}"),
    ]


def batch_block(batches: Batches, interval_s: float | None, width: int) -> list[Text]:
    """Return how large micro-batches are, and why they closed."""
    per_s = None if batches.count is None or not interval_s else batches.count / interval_s
    reasons = sorted(batches.closed_by.items(), key=lambda reason: -reason[1])
    closed = "  ".join(f"{printable(name)} {share(part)}" for name, part in reasons if part)
    rows = _size_rows(batches.sizes)
    most = max((found for _, found in rows), default=0.0)
    return [
        Text("batches", style=TITLE) + Text(f"   {rate(per_s)}, {count(batches.mean_records)} records each"),
        Text(f"closed by {closed or UNKNOWN}"),
        *(_bar_row(name, found / most, width, share(found / (batches.count or 1)), "blue") for name, found in rows),
    ]


def _size_rows(sizes: Sequence[SizeCount]) -> list[tuple[str, float]]:
    """Return names and counts of the sizes from the smallest to the largest that there were."""
    rows: list[tuple[str, float]] = []
    for first in range(0, len(sizes), BUCKETS_A_ROW):
        together = sizes[first : first + BUCKETS_A_ROW]
        last = together[-1].records
        name = f"≤ {last:,.0f}" if last is not None else f"> {sizes[-2].records:,.0f}"
        rows.append((name, sum(one.batches for one in together)))
    there = [place for place, (_, found) in enumerate(rows) if found]
    return rows[there[0] : there[-1] + 1] if there else []


def _happened(view: View) -> str:
    parts = [f"rebalances {count(sum(view.rebalances.values()) if view.rebalances else None)}"]
    parts += [f"rewinds {count(view.rewinds)}"]
    ended = [f"{printable(outcome)} {count(found)}" for outcome, found in view.transactions.items() if found]
    return "  ".join([*parts, f"transactions {', '.join(ended) or (0 if view.transactions else UNKNOWN)}"])


def _with_course(line: Text, numbers: Sequence[float | None], width: int) -> Text:
    room = width - line.cell_len - 2
    return line + Text("  " + course(numbers, room), style="green") if numbers and room > 0 else line


def _bar_row(name: str, part: float, width: int, figures: str, style: str) -> Text:
    bar_width = max(BAR_WIDTH_MIN, width - BAR_ROOM)
    return Text.assemble(printable(name).ljust(NAME_WIDTH), (bar(part, bar_width), style), " ", figures)
