"""Draws what a panel's queries answered: lines, heat maps, numbers, bars and tables."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator

from benchmarks.board_values import called, written
from tests.support.board_answers import Asked
from tests.support.grafana_boards import BoardPanel

# Okabe and Ito's colours, which every kind of eye can tell apart.
PALETTE = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8e8e8e", "#b8a900")
# As the boards themselves colour the labels.
LABEL_COLOURS = {"positive": "#3274d9", "neutral": "#8e8e8e", "negative": "#ff9830"}
HEAT = LinearSegmentedColormap.from_list("heat", ["#ffffff", "#9ecae1", "#08306b"])
# Of a legend below a chart: its lines, the letters of a value, and those that fit into a unit of the grid.
LEGEND_LINES, VALUE_LETTERS, LETTERS_A_UNIT = 3, 9, 8
ROWS_MAX = 14
# Sizes of letters, in points, and how many of the large ones fit beside each other.
SMALL, LONG_WORDS, LARGE, SHORT_LETTERS = 6.5, 11, 14, 8


def draw_panel(axis: Any, asked: Sequence[Asked], since_s: float) -> None:
    """Draw one panel on an axis of matplotlib; `asked` are its queries with their answers, 0 s is `since_s`."""
    panel = asked[0].panel
    axis.set_title(panel.title, loc="left", fontsize=8, fontweight="bold")
    if panel.kind == "timeseries":
        _lines(axis, asked, since_s)
    elif panel.kind == "heatmap":
        _heat_map(axis, asked, since_s)
    else:
        {"stat": _numbers, "bargauge": _bars, "table": _table}[panel.kind](axis, asked)


def _named_series(asked: Sequence[Asked]) -> list[tuple[str, list[tuple[float, float]]]]:
    return [(called(one.query.legend, series.labels), series.points) for one in asked for series in one.answer.series]


def _lines(axis: Any, asked: Sequence[Asked], since_s: float) -> None:
    panel, series = asked[0].panel, _named_series(asked)
    moments = sorted({moment for _, points in series for moment, _ in points})
    base = np.zeros(len(moments))
    columns = _legend_columns(panel, [name for name, _ in series])
    for number, (name, points) in enumerate(series):
        colour = LABEL_COLOURS.get(name, PALETTE[number % len(PALETTE)])
        known = dict(points)
        values = np.array([known.get(moment, np.nan) for moment in moments])
        label = f"{name}: {written(points[-1][1], panel.unit)}" if number < columns * LEGEND_LINES else "_"
        seconds = np.array(moments) - since_s
        if panel.stacked:
            top = base + np.nan_to_num(values)
            axis.fill_between(seconds, base, top, color=colour, alpha=0.6, linewidth=0, label=label)
            base = top
        else:
            axis.plot(seconds, values, color=colour, linewidth=1, label=label)
    _time_axis(axis)
    axis.margins(y=0.15)
    if panel.logarithmic:
        axis.set_yscale("log")
        axis.yaxis.set_major_locator(LogLocator(numticks=5))
        axis.minorticks_off()
    else:
        highest = max(value for _, points in series for _, value in points)
        axis.yaxis.set_major_locator(MaxNLocator(4))
        if panel.minimum is not None:
            axis.set_ylim(panel.minimum, None if highest > panel.minimum else panel.minimum + 1)
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: written(value, panel.unit)))
    axis.legend(
        loc="upper left", bbox_to_anchor=(-0.02, -0.16), ncols=columns, frameon=False, fontsize=SMALL, columnspacing=1
    )


def _legend_columns(panel: BoardPanel, names: Sequence[str]) -> int:
    letters = max(map(len, names)) + VALUE_LETTERS
    return max(1, min(3, panel.place["w"] * LETTERS_A_UNIT // letters))


def _heat_map(axis: Any, asked: Sequence[Asked], since_s: float) -> None:
    (one,) = asked
    cumulative = {float(series.labels["le"]): dict(series.points) for series in one.answer.series}
    bounds = sorted(cumulative)
    moments = sorted({moment for points in cumulative.values() for moment in points})
    counts = np.array([[cumulative[bound].get(moment, 0.0) for moment in moments] for bound in bounds])
    inside = np.maximum(np.diff(counts, axis=0, prepend=0), 0)
    used = np.flatnonzero(inside.sum(axis=1) > 0)
    # A band without reviews above and below those that have some.
    low, high = max(0, used.min() - 1), min(len(bounds), used.max() + 2)
    seconds = np.array(moments) - since_s
    axis.pcolormesh(seconds, np.arange(high - low), inside[low:high], cmap=HEAT, shading="nearest", rasterized=True)
    shown = [(place, bounds[low + place]) for place in range(high - low)][:: 1 + (high - low) // 8]
    axis.set_yticks(
        [place for place, _ in shown],
        ["more" if np.isinf(bound) else f"≤ {written(bound, one.panel.unit)}" for _, bound in shown],
    )
    _time_axis(axis)


def _time_axis(axis: Any) -> None:
    axis.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda seconds, _: f"{seconds:g} s"))
    axis.tick_params(labelsize=SMALL, length=2, color="#aaaaaa")
    axis.set_axisbelow(True)
    axis.grid(axis="y", color="#eeeeee")


def _numbers(axis: Any, asked: Sequence[Asked]) -> None:
    axis.axis("off")
    panel, named = asked[0].panel, _named_series(asked)
    words = {"Verdict": {0.0: "not good enough", 1.0: "good enough"}}.get(panel.title, {})
    for place, (name, points) in enumerate(named):
        left = (place + 0.5) / len(named)
        value = points[-1][1]
        said = words.get(value) or written(value, panel.unit, panel.decimals)
        size = LONG_WORDS if len(said) > SHORT_LETTERS else LARGE
        axis.text(left, 0.55, said, ha="center", va="center", fontsize=size, color=PALETTE[0])
        axis.text(left, 0.1, name, ha="center", va="center", fontsize=SMALL, color="#555555")


def _bars(axis: Any, asked: Sequence[Asked]) -> None:
    unit = asked[0].panel.unit
    named = sorted(((name, points[-1][1]) for name, points in _named_series(asked)), key=lambda bar: bar[1])[-ROWS_MAX:]
    places = np.arange(len(named))[::-1]
    axis.barh(places, [value for _, value in named], color=PALETTE[0], height=0.7)
    axis.set_yticks(places, [name for name, _ in named], fontsize=SMALL)
    axis.set_xticks([])
    for place, (_, value) in zip(places, named, strict=True):
        axis.text(value, place, f" {written(value, unit)}", va="center", fontsize=SMALL)
    axis.margins(x=0.25)
    axis.spines[["bottom"]].set_visible(False)
    axis.tick_params(length=0)


def _table(axis: Any, asked: Sequence[Asked]) -> None:
    axis.axis("off")
    rows: dict[tuple[str, ...], list[str]] = {}
    columns = list(asked[0].panel.columns)
    for number, one in enumerate(asked):
        for series in one.answer.series:
            key = tuple(series.labels.get(column, "") for column in columns)
            cells = rows.setdefault(key, [""] * len(asked))
            cells[number] = written(series.value, one.panel.units[number])
    lines = [columns + [one.query.legend for one in asked], *([*key, *cells] for key, cells in sorted(rows.items()))]
    cut = lines[: ROWS_MAX + 1]
    widths = [max(len(line[column]) for line in cut) + 2 for column in range(len(cut[0]))]
    edges = np.cumsum([0, *widths]) / sum(widths)
    for line_number, line in enumerate(cut):
        height = 0.95 - line_number * min(0.3, 0.95 / len(cut))
        for text, (left, _) in zip(line, pairwise(edges), strict=True):
            weight = "bold" if line_number == 0 else "normal"
            axis.text(left, height, text, va="top", fontsize=SMALL, fontweight=weight)
