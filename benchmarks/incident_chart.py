"""Draws the staged incident: what Prometheus saw, and which alerts fired meanwhile."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib import pyplot as plt
from matplotlib.patches import Rectangle

# Told apart by people who don't see red and green, too.
SEVERITY_COLOURS = {"page": "#d55e00", "ticket": "#56b4e9"}
CURVES = {
    "labelled_per_s": ("reviews labelled\na second", "#2a6fb0"),
    "lag_seconds": ("worst lag,\nseconds", "#2a6fb0"),
    "late_ratio": ("share\nlate", "#2a6fb0"),
    "dead_letter_ratio": ("share of\ndead letters", "#2a6fb0"),
}
GAP_S = 2.0
NOTE = "Drawn from Prometheus' answers, not a screenshot. The rules' time runs {times} times faster than it ships."


def incident(results: Mapping[str, Any]) -> Any:
    """Draw the curves one above the other, and below them a bar for each time that an alert fired."""
    rows = list(dict.fromkeys(_name(alert) for alert in results["alerts"]))[::-1]
    heights = [*(1.0 for _ in CURVES), 0.3 + 0.24 * len(rows)]
    figure, axes = plt.subplots(
        len(heights), 1, figsize=(10, 2 + sum(heights)), sharex=True, layout="constrained", height_ratios=heights
    )
    end_s = max(seconds for points in results["curves"].values() for seconds, _ in points)
    for axis, (name, (label, colour)) in zip(axes, CURVES.items(), strict=False):
        _draw_curve(axis, results["curves"][name], colour)
        axis.set_ylabel(label)
        axis.set_ylim(bottom=0)
    _draw_alerts(axes[-1], results["alerts"], rows, end_s)
    for axis in axes:
        for stage in results["stages"]:
            axis.axvspan(stage["began_s"], stage["ended_s"], color="#eeeeee", zorder=0)
    for stage in results["stages"]:
        axes[0].annotate(stage["name"], (stage["began_s"], 1.04), xycoords=("data", "axes fraction"), fontsize=8)
    axes[-1].set_xlim(0, end_s)
    axes[-1].set_xlabel(f"seconds\n{NOTE.format(times=results['times_faster'])}")
    return figure


def _draw_curve(axis: Any, points: Sequence[Sequence[float]], colour: str) -> None:
    """Draw a curve, with a gap where Prometheus had no value."""
    line: list[Sequence[float]] = []
    for point in points:
        if line and point[0] - line[-1][0] > GAP_S:
            axis.plot(*zip(*line, strict=True), color=colour, linewidth=1.2)
            line = []
        line.append(point)
    if line:
        axis.plot(*zip(*line, strict=True), color=colour, linewidth=1.2)


def _draw_alerts(axis: Any, alerts: Sequence[Mapping[str, Any]], rows: Sequence[str], end_s: float) -> None:
    for alert in alerts:
        until_s = end_s if alert["ended_s"] is None else alert["ended_s"]
        # An alert seen once is drawn as long as the step between two looks.
        width_s = max(until_s - alert["began_s"], 1.0)
        row = rows.index(_name(alert))
        axis.barh(row, width_s, left=alert["began_s"], height=0.6, color=SEVERITY_COLOURS[alert["severity"]])
    axis.set_yticks(range(len(rows)), rows)
    handles = [Rectangle((0, 0), 1, 1, color=colour) for colour in SEVERITY_COLOURS.values()]
    axis.legend(handles, SEVERITY_COLOURS, frameon=False, loc="lower left")


def _name(alert: Mapping[str, Any]) -> str:
    """Return an alert's name, with its window where it has several."""
    what = alert["what"]
    return f"{alert['alert']} {what}" if what and ":" not in what else str(alert["alert"])
