import math

import pytest

from tests.support.board_answers import Asked, BoardReport
from tests.support.grafana_boards import (
    BoardPanel,
    BoardQuery,
    TimeRange,
    UnknownVariableError,
    interpolate,
    read_boards,
)
from tests.support.prometheus_server import Answer, Series

QUERY = BoardQuery("A", "sum(up)", "up", instant=False)
PANEL = BoardPanel(
    title="Up",
    kind="timeseries",
    unit="short",
    place={},
    decimals=None,
    minimum=0,
    stacked=False,
    logarithmic=False,
    columns=[],
    units=["short"],
    queries=[QUERY],
)


def asked(*values: float, warnings: tuple[str, ...] = (), infos: tuple[str, ...] = (), refused: str = "") -> Asked:
    series = [Series({}, list(enumerate(values)))] if values else []
    return Asked("overview", PANEL, QUERY, "sum(up)", Answer(series, list(warnings), list(infos)), refused)


@pytest.mark.parametrize(
    ("found", "faults"),
    [
        (asked(0.0, 1.0), []),
        (asked(), ["is empty"]),
        (asked(1.0, math.nan), ["has NaN"]),
        (asked(1.0, math.inf), ["is infinite"]),
        (asked(1.0, warnings=("slow",)), ["warning: slow"]),
        (asked(1.0, infos=("no counter",)), ["info: no counter"]),
        (asked(refused="parse error"), ["parse error"]),
    ],
)
def test_what_is_wrong_with_an_answer_is_said(found: Asked, faults: list[str]) -> None:
    assert found.faults() == faults


def test_a_report_counts_what_answers_and_names_what_does_not() -> None:
    report = BoardReport(1, 2, [asked(1.0), asked()])

    assert report.document() == {
        "boards": 1,
        "panels": 2,
        "queries": 2,
        "queries_that_answer": 1,
        "queries_with_warnings": 0,
        "faults": ["overview: Up: is empty: sum(up)"],
    }


def test_the_rate_interval_is_four_scrapes_and_grows_with_the_time_between_points() -> None:
    assert TimeRange(0, 600, 5).built_in() == {"__range": "600s", "__interval": "5s", "__rate_interval": "20s"}
    assert TimeRange(0, 60_000, 5).built_in()["__rate_interval"] == "65s"


def test_variables_are_replaced_in_both_spellings() -> None:
    assert interpolate('up{job=~"$job", i="${instance}"}', {"job": "a", "instance": "b"}) == 'up{job=~"a", i="b"}'


def test_a_variable_that_nobody_has_is_an_error() -> None:
    with pytest.raises(UnknownVariableError, match=r"\$topic"):
        interpolate("lag{topic=~'$topic'}", {"job": "a"})


def test_every_board_is_read_with_its_panels() -> None:
    assert {board.name for board in read_boards()} == {"overview", "group", "model", "comparison"}
    assert all(board.panels and board.choices and board.marks for board in read_boards())
