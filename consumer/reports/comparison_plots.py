"""A comparison in pictures, each as an SVG in a data address, drawn for light or dark."""

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import matplotlib as mpl
import numpy as np
from cycler import cycler
from matplotlib import pyplot as plt
from matplotlib.ticker import EngFormatter, FuncFormatter

from consumer.measuring.advice import duration
from consumer.measuring.results import Comparison
from consumer.measuring.subject import Subject
from consumer.measuring.timing import CURVE_BEYOND
from consumer.measuring.ways import Mode
from consumer.model.calibration import BINS
from consumer.model.metrics import Share

# Percentiles are drawn by the share of reviews that waited longer, so that the tail is seen.
TAIL_TICKS = {0.5: "p50", 0.1: "p90", 0.01: "p99", 0.001: "p99.9"}
SIZE_INCHES = (5.2, 3.7)
MARKERS = "osD^v<>p"
# Where the number at a crossing stands, in points from its dot.
CROSSING_LABELS: Any = ({"xytext": (8, -12), "ha": "left"}, {"xytext": (-8, 10), "ha": "right"})


class Theme(StrEnum):
    """What a picture is seen on."""

    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class Colours:
    """Text and lines of a theme, and its series: distinct, and readable on its ground."""

    text: str
    grid: str
    series: tuple[str, ...]


COLOURS = {
    Theme.LIGHT: Colours(
        "#1b2126", "#d5dbe0", ("#1d63ad", "#b3470f", "#14663a", "#7a3fa0", "#8a6100", "#a8201a", "#40606f", "#9c2c77")
    ),
    Theme.DARK: Colours(
        "#e6eaed", "#343d45", ("#7fb6f0", "#f5a36c", "#6fd39b", "#c8a2ec", "#e6c45c", "#ff938a", "#9fc0d0", "#f095cf")
    ),
}


@dataclass(frozen=True, slots=True)
class Plot:
    """One picture: what it shows, and who draws it; the drawing returns whether there was anything to draw."""

    name: str
    title: str
    caption: str
    paint: Callable[[Any, Comparison], bool]


def draw(plot: Plot, comparison: Comparison, theme: Theme) -> str:
    """Return the picture as a data address, empty where the comparison holds nothing for it."""
    colours = COLOURS[theme]
    with mpl.rc_context(_style(colours)):
        figure, axis = plt.subplots(figsize=SIZE_INCHES, layout="constrained")
        try:
            if not plot.paint(axis, comparison):
                return ""
            content = io.BytesIO()
            # No date: the same comparison gives the same page.
            figure.savefig(content, format="svg", metadata={"Date": None, "Title": plot.title}, transparent=True)
        finally:
            plt.close(figure)
    return "data:image/svg+xml;base64," + base64.b64encode(content.getvalue()).decode("ascii")


def _style(colours: Colours) -> Any:
    return {
        "svg.hashsalt": "reviewstream",
        "font.family": "DejaVu Sans",
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": colours.text,
        "axes.labelcolor": colours.text,
        "axes.prop_cycle": cycler(color=colours.series),
        "axes.grid": True,
        "grid.color": colours.grid,
        "text.color": colours.text,
        "xtick.color": colours.text,
        "ytick.color": colours.text,
        "legend.frameon": False,
        "legend.fontsize": 8,
    }


def _latency(axis: Any, comparison: Comparison) -> bool:
    subject = comparison.subjects[0]
    # The sizes in between belong to the picture of throughput.
    shown = [one for one in subject.measurements if one.chunk not in {10, 100}]
    for measurement in shown:
        line = "--" if measurement.mode is Mode.BATCH else "-"
        name = f"{measurement.mode.value}, {measurement.way}"
        axis.plot(CURVE_BEYOND, measurement.timing.curve_s, line, label=name, linewidth=1.8)
    axis.set(xscale="log", yscale="log", xlim=(1, 0.001), ylabel="wait for a label")
    axis.set_xticks(list(TAIL_TICKS), list(TAIL_TICKS.values()))
    axis.minorticks_off()
    _in_time(axis.yaxis)
    _legend(axis)
    return True


def _throughput(axis: Any, comparison: Comparison) -> bool:
    for subject, marker in zip(comparison.subjects, MARKERS * 4, strict=False):
        found = [
            *((1, one.timing.per_s) for one in subject.measured(Mode.REAL_TIME)),
            *((one.call_reviews, one.timing.per_s) for one in subject.measured(Mode.BATCH)),
        ]
        if found:
            sizes, rates = zip(*sorted(found, key=lambda pair: pair[0]), strict=True)
            middle = [rate.median for rate in rates]
            reach = [[rate.median - rate.low for rate in rates], [rate.high - rate.median for rate in rates]]
            axis.errorbar(sizes, middle, yerr=reach, marker=marker, markersize=4, capsize=2, label=subject.title)
    axis.set(xscale="log", yscale="log", xlabel="reviews a call", ylabel="reviews a second")
    _in_numbers(axis.xaxis)
    _in_numbers(axis.yaxis)
    _legend(axis)
    return bool(axis.lines)


def _growth(axis: Any, comparison: Comparison) -> bool:
    if not comparison.costs:
        return False
    crossings = comparison.crossings
    most = max([1_000_000, *(10 * found.reviews for found in crossings)])
    sizes = np.geomspace(1, min(most, 1e10), 200)
    for cost in comparison.costs:
        axis.plot(sizes, [cost.seconds(size) for size in sizes], label=cost.name, linewidth=1.8)
    by_name = {cost.name: cost for cost in comparison.costs}
    # Neighbours may be close: their labels go to different sides.
    for found, place in zip(crossings, CROSSING_LABELS * len(crossings), strict=False):
        seconds = by_name[found.above].seconds(found.reviews)
        axis.plot([found.reviews], [seconds], "o", color=mpl.rcParams["text.color"], markersize=5)
        axis.annotate(f"{found.reviews:,}", (found.reviews, seconds), textcoords="offset points", fontsize=8, **place)
    axis.set(xscale="log", yscale="log", xlabel="reviews that are there at once", ylabel="until the last label")
    _in_numbers(axis.xaxis)
    _in_time(axis.yaxis)
    _legend(axis)
    return True


def _accuracy(axis: Any, comparison: Comparison) -> bool:
    for subject, marker in zip(comparison.subjects, MARKERS * 4, strict=False):
        for measurement in subject.measured(Mode.REAL_TIME)[:1]:
            share, spent = _best_known(comparison, subject.digest), measurement.timing.review_s
            axis.errorbar(
                [spent.median],
                [100 * share.value],
                xerr=_reach(spent.low, spent.median, spent.high),
                yerr=_reach(100 * share.low, 100 * share.value, 100 * share.high),
                marker=marker, markersize=6, capsize=2, linestyle="none", label=subject.title,
            )  # fmt: skip
    if not axis.has_data():
        return False
    axis.set(xscale="log", xlabel="real time: a review", ylabel="% right")
    _in_time(axis.xaxis)
    _legend(axis)
    return True


def _reliability(axis: Any, comparison: Comparison) -> bool:
    axis.plot([0, 100], [0, 100], "--", color=mpl.rcParams["text.color"], alpha=0.5, label="as sure as right")
    for subject, marker in zip(_serving(comparison), MARKERS * 4, strict=False):
        bins = [content for content in subject.reliability if content.texts]
        axis.plot(
            [100 * content.confidence for content in bins],
            [100 * content.accuracy for content in bins],
            marker=marker, markersize=4, label=subject.recipe,
        )  # fmt: skip
    lowest = 100 * (BINS // 2) / BINS
    axis.set(xlim=(lowest, 100), ylim=(lowest - 10, 100), xlabel="% sure", ylabel="% right")
    _legend(axis)
    return True


def _best_known(comparison: Comparison, digest: str) -> Share:
    # One artifact says the same whatever scores it; slow scorers went through few reviews.
    measured = [one for subject in comparison.subjects if subject.digest == digest for one in subject.measurements]
    return max((one.quality.accuracy for one in measured), key=lambda share: share.of)


def _reach(low: float, middle: float, high: float) -> list[list[float]]:
    # All right: rounding may put the interval's end below the share itself.
    return [[max(0.0, middle - low)], [max(0.0, high - middle)]]


def _serving(comparison: Comparison) -> list[Subject]:
    serving = [subject for subject in comparison.subjects if subject.serves]
    return serving or comparison.subjects


def _legend(axis: Any) -> None:
    # Below the axes: it hides no line, however many there are.
    axis.figure.legend(*axis.get_legend_handles_labels(), loc="outside lower center", ncols=2)


def _in_time(axis: Any) -> None:
    axis.set_major_formatter(FuncFormatter(lambda value, _place: f"{value:,.0f} s" if value >= 1 else duration(value)))
    axis.set_minor_formatter("")


def _in_numbers(axis: Any) -> None:
    axis.set_major_formatter(EngFormatter(sep=""))
    axis.set_minor_formatter("")


PLOTS = (
    Plot(
        "latency",
        "How long a label is waited for.",
        "By percentile, on a log axis: how many of the first model's reviews had their label within this time.",
        _latency,
    ),
    Plot(
        "throughput",
        "What larger calls win.",
        "Reviews a second against the number of reviews in a call, for each model and scorer.",
        _throughput,
    ),
    Plot(
        "growth",
        "Which mode is done first.",
        "Time until the last of n reviews has its label; a dot marks where starting a process for them pays.",
        _growth,
    ),
    Plot(
        "accuracy",
        "What accuracy costs.",
        "Share of right answers, of the most reviews a model was judged by, with its 95 % interval, against the time "
        "of one review, one a call.",
        _accuracy,
    ),
    Plot(
        "reliability",
        "Whether a probability means what it says.",
        "Of reviews whose likeliest class got this probability, so many were right; on the diagonal they agree.",
        _reliability,
    ),
)
