"""Draws boards from what Prometheus answered to their queries: one picture a board, laid out as Grafana lays it out."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt

from benchmarks.board_panels import SMALL, draw_panel
from benchmarks.charts import STYLE
from tests.support.board_answers import Asked, BoardReport
from tests.support.grafana_boards import GRID_COLUMNS, Board

WIDTH_INCHES = 12.5
# A grid unit's height; a panel's own lines, its title and its legend, need more of it than Grafana's.
UNIT_INCHES = 0.29
HEAD_INCHES = 0.75
ROW_COLOUR = "#444444"
SAID = "drawn from Prometheus' answers to this board's queries; Grafana draws them in its own way"


def draw_boards(boards: Sequence[Board], report: BoardReport, folder: Path) -> list[Path]:
    """Write board-NAME.svg for each board, and return the files."""
    written = []
    for board in boards:
        answers = {
            panel.title: [one for one in report.asked if one.board == board.name and one.panel == panel]
            for panel in board.panels
        }
        file = folder / f"board-{board.name}.svg"
        with mpl.rc_context(STYLE):
            figure = _draw(board, answers)
            # No date: the same answers give the same file.
            figure.savefig(file, metadata={"Date": None, "Description": SAID}, dpi=150)
            plt.close(figure)
        written.append(file)
    return written


def _draw(board: Board, answers: Mapping[str, Sequence[Asked]]) -> Any:
    since_s = min(
        series.points[0][0]
        for asked in answers.values()
        for one in asked
        if not one.query.instant
        for series in one.answer.series
    )
    bottom = max(panel.place["y"] + panel.place["h"] for panel in board.panels)
    height = bottom * UNIT_INCHES + HEAD_INCHES
    figure = plt.figure(figsize=(WIDTH_INCHES, height))
    figure.text(0.01, 1 - 0.25 / height, board.title, fontsize=13, fontweight="bold", va="center")
    figure.text(0.01, 1 - 0.52 / height, SAID, fontsize=SMALL + 0.5, color="#666666", va="center")

    def from_top(units: float) -> float:
        return 1 - (HEAD_INCHES + units * UNIT_INCHES) / height

    for title, line in board.rows:
        figure.text(0.01, from_top(line + 0.6), title, fontsize=9, color=ROW_COLOUR, fontweight="bold", va="center")
    for panel in board.panels:
        asked = answers[panel.title]
        left, top = panel.place["x"] / GRID_COLUMNS, from_top(panel.place["y"])
        below = from_top(panel.place["y"] + panel.place["h"])
        # Inside its cell: room for its title above, for what it calls its axes to the left, for its legend below.
        plain = panel.kind in {"stat", "table"}
        side = {"bargauge": 0.14, "heatmap": 0.055}.get(panel.kind, 0.05) if not plain else 0.01
        foot = (0.25 if panel.kind in {"heatmap", "bargauge"} else 0.8) if not plain else 0.05
        axis = figure.add_axes(
            (
                left + side,
                below + foot / height,
                panel.place["w"] / GRID_COLUMNS - side - 0.015,
                top - below - (foot + 0.32) / height,
            )
        )
        if any(one.answer.series for one in asked):
            draw_panel(axis, asked, since_s)
        else:
            axis.axis("off")
            axis.set_title(panel.title, loc="left", fontsize=8, fontweight="bold")
            axis.text(0.0, 0.5, "no data", fontsize=SMALL, color="#999999")
    return figure
