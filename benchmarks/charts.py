"""Draws docs/images/*.svg from results/: `python -m benchmarks.charts`, with the packages of the extra `bench`.

Each picture names the digest of the result it was drawn from, so that a test sees one that is out of date.
"""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
import msgspec
from matplotlib import pyplot as plt
from matplotlib.ticker import LogLocator

from benchmarks.incident_chart import incident
from benchmarks.render import PAGE
from benchmarks.stream_results import RESULTS
from benchmarks.stream_ways import CONSUME_ONLY

IMAGES = PAGE.parent / "images"
COLOURS = {"ours": "#2a6fb0", "echo": "#9a9a9a"}
GREY, BLUE = COLOURS["echo"], COLOURS["ours"]
STYLE: Any = {
    "svg.hashsalt": "reviewstream",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.facecolor": "white",
}
# Percentiles are drawn by the share of reviews that took longer, so that the tail is seen.
TAIL_TICKS = {0.5: "50", 0.1: "90", 0.01: "99", 0.001: "99.9"}


def throughput(results: Mapping[str, Any]) -> Any:
    """Draw a bar for each way, with the range of its rounds."""
    kinds = results["kinds"]
    size = (2 + 3.6 * len(kinds), 3.6)
    figure, axes = plt.subplots(1, len(kinds), figsize=size, squeeze=False, sharey=True, layout="constrained")
    for axis, (kind, found) in zip(axes[0], kinds.items(), strict=True):
        # What only reads is several times as fast as all that write: it would make them look alike.
        ways = [way for way in found["ways"] if way != CONSUME_ONLY][::-1]
        rates = [found["ways"][way]["records_a_second"] for way in ways]
        medians = [rate["median"] / 1000 for rate in rates]
        reach = [[rate["median"] - rate["low"] for rate in rates], [rate["high"] - rate["median"] for rate in rates]]
        errors = [[value / 1000 for value in side] for side in reach]
        colours = [BLUE if way.startswith("run") else GREY for way in ways]
        axis.barh(ways, medians, xerr=errors, color=colours, ecolor="#444444", capsize=2)
        axis.set_title(f"{kind}, a backlog")
        axis.set_xlabel("thousand reviews a second")
    return figure


def latency(results: Mapping[str, Any]) -> Any:
    """Draw latency by percentile, ours and the echo's, a panel a rate and delivery."""
    deliveries = results["deliveries"]
    beyond = [1 - quantile for quantile in results["settings"]["curve_quantiles"]]
    columns = max(len(rates) for rates in deliveries.values())
    size = (3 * columns, 2.8 * len(deliveries))
    figure, axes = plt.subplots(len(deliveries), columns, figsize=size, squeeze=False, layout="constrained")
    for line, (delivery, rates) in zip(axes, deliveries.items(), strict=True):
        for axis, (rate, found) in zip(line, rates.items(), strict=False):
            for name, colour in COLOURS.items():
                axis.plot(beyond, found[name]["curve_ms"], color=colour, label=name)
            axis.set(xscale="log", yscale="log", xlim=(1, 0.0005), title=f"{delivery}, {int(rate):,}/s")
            axis.set_xticks(list(TAIL_TICKS), list(TAIL_TICKS.values()))
            axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axis.yaxis.set_major_formatter("{x:g}")
            axis.minorticks_off()
            axis.grid(axis="y", color="#dddddd")
        line[0].set_ylabel("milliseconds")
    axes[-1][0].set_xlabel("percentile")
    axes[0][0].legend(frameon=False)
    return figure


def memory(results: Mapping[str, Any]) -> Any:
    """Draw memory over time, a line for each backlog."""
    figure, axis = plt.subplots(figsize=(7, 3.2), layout="constrained")
    for records, row in results["backlog"].items():
        seconds, megabytes = zip(*row["seconds_and_rss_mb"], strict=True)
        axis.plot(seconds, megabytes, label=f"{int(records):,} waiting")
    axis.set(xlabel="seconds since the process started", ylabel="MB of memory", ylim=(0, None))
    axis.grid(axis="y", color="#dddddd")
    axis.legend(frameon=False)
    return figure


CHARTS: dict[str, tuple[str, Callable[[Mapping[str, Any]], Any]]] = {
    "throughput": ("stream_throughput.json", throughput),
    "latency": ("stream_latency.json", latency),
    "memory": ("stream_growth.json", memory),
    "incident": ("incident.json", incident),
}


def draw(draw_figure: Callable[[Mapping[str, Any]], Any], content: bytes, file: Path) -> None:
    """Write one picture of a result's bytes."""
    with mpl.rc_context(STYLE):
        figure = draw_figure(msgspec.json.decode(content))
        # No date: the same results give the same file.
        digest = hashlib.sha256(content).hexdigest()
        figure.savefig(file, metadata={"Date": None, "Description": f"drawn from results with SHA-256 {digest}"})
        plt.close(figure)


def main() -> None:
    """Draw a picture of each result there is."""
    IMAGES.mkdir(exist_ok=True)
    for name, (result, draw_figure) in CHARTS.items():
        file = RESULTS / result
        if file.exists():
            draw(draw_figure, file.read_bytes(), IMAGES / f"{name}.svg")


if __name__ == "__main__":
    main()
