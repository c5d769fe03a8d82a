"""Boards drawn from made-up answers."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.board_pictures import SAID, draw_boards
from benchmarks.board_values import called, written
from tests.support.board_answers import Asked, BoardReport
from tests.support.grafana_boards import Board, BoardPanel, BoardQuery, read_boards
from tests.support.prometheus_server import Answer, Series


@pytest.mark.parametrize(
    ("value", "unit", "says"),
    [
        (0.0, "s", "0 s"),
        (0.000012, "s", "12 µs"),
        (0.25, "s", "250 ms"),
        (150, "s", "2.5 min"),
        (0.9412, "percentunit", "94.1 %"),
        (12_345, "cps", "12.3 k/s"),
        (250e6, "bytes", "250 MB"),
        (1e-13, "sci", "1e-13"),
        (-0.02, "percentunit", "-2 %"),
    ],
)
def test_a_value_is_written_with_its_unit(value: float, unit: str, says: str) -> None:
    assert written(value, unit) == says


def test_a_number_without_decimals_is_whole() -> None:
    assert written(2.97, "short", 0) == "3"


def test_a_series_is_called_by_its_labels() -> None:
    assert called("{{mode}} of {{model}}", {"mode": "batch", "model": "fast"}) == "batch of fast"


def answers(board: Board, panel: BoardPanel) -> list[Asked]:
    def series(query: BoardQuery, number: int) -> Series:
        labels = dict.fromkeys(panel.columns, f"value {number}") | {"le": f"{number + 1}.0"}
        moments = (100.0,) if query.instant else (100.0, 101.0, 102.0)
        return Series(labels, [(moment, 0.1 * number + 0.2) for moment in moments])

    return [
        Asked(
            board.name, panel, query, query.expression, Answer([series(query, number) for number in range(3)], [], [])
        )
        for query in panel.queries
    ]


def one_of_each_kind() -> Board:
    boards = read_boards()
    panels = {panel.kind: panel for board in boards for panel in board.panels}
    return replace(boards[0], panels=list(panels.values()))


def test_every_kind_of_panel_is_drawn_and_the_picture_says_what_it_is(tmp_path: Path) -> None:
    board = one_of_each_kind()
    asked = [one for panel in board.panels for one in answers(board, panel)]
    (file,) = draw_boards([board], BoardReport(1, len(board.panels), asked), tmp_path)
    drawn = file.read_text("utf-8")

    assert {panel.kind for panel in board.panels} == {"timeseries", "heatmap", "stat", "bargauge", "table"}
    assert file.name == f"board-{board.name}.svg"
    assert SAID in drawn
    assert [panel.title for panel in board.panels if panel.title not in drawn] == []
    assert "no data" not in drawn


def test_a_panel_whose_queries_were_not_asked_says_so(tmp_path: Path) -> None:
    board = one_of_each_kind()
    asked = answers(board, next(panel for panel in board.panels if panel.kind == "timeseries"))
    (file,) = draw_boards([board], BoardReport(1, 1, asked), tmp_path)

    assert file.read_text("utf-8").count(">no data<") == len(board.panels) - 1
