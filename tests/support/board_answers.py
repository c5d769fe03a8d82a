"""Every query of every board, asked of a real Prometheus: what is wrong with the answers, and how many there are."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tests.support.grafana_boards import (
    Board,
    BoardPanel,
    BoardQuery,
    TimeRange,
    UnknownVariableError,
    chosen_values,
    interpolate,
)
from tests.support.prometheus_server import Answer, PrometheusServer, QueryRefused


@dataclass(frozen=True, slots=True)
class Asked:
    """One query that was asked: of which panel, and what came back; `refused` says why nothing did."""

    board: str
    panel: BoardPanel
    query: BoardQuery
    expression: str
    answer: Answer
    refused: str = ""

    def faults(self) -> list[str]:
        """Return what is wrong with the answer."""
        if self.refused:
            return [self.refused]
        values = [value for series in self.answer.series for _, value in series.points]
        return [
            *([] if values else ["is empty"]),
            *(["has NaN"] if any(map(math.isnan, values)) else []),
            *(["is infinite"] if any(map(math.isinf, values)) else []),
            *(f"warning: {warning}" for warning in self.answer.warnings),
            *(f"info: {info}" for info in self.answer.infos),
        ]


@dataclass(frozen=True, slots=True)
class BoardReport:
    """What came of asking."""

    boards: int
    panels: int
    asked: list[Asked]

    def faults(self) -> list[str]:
        """Return a line for each thing that is wrong with an answer."""
        return [
            f"{asked.board}: {asked.panel.title}: {fault}: {asked.expression}"
            for asked in self.asked
            for fault in asked.faults()
        ]

    def document(self) -> dict[str, Any]:
        """Return the counts and the faults, to be written as JSON."""
        return {
            "boards": self.boards,
            "panels": self.panels,
            "queries": len(self.asked),
            "queries_that_answer": sum(bool(asked.answer.series) for asked in self.asked),
            "queries_with_warnings": sum(bool(asked.answer.warnings or asked.answer.infos) for asked in self.asked),
            "faults": self.faults(),
        }

    def __str__(self) -> str:
        counts = self.document()
        return (
            f"{counts['boards']} boards, {counts['panels']} panels, {counts['queries']} queries asked: "
            f"{counts['queries_that_answer']} answer, {counts['queries_with_warnings']} with warnings, "
            f"{len(counts['faults'])} faults"
        )


def ask_everything(boards: Sequence[Board], server: PrometheusServer, looked_at: TimeRange) -> BoardReport:
    """Ask every query of every panel as Grafana does; marks of a board must be understood, and may be empty."""
    asked: list[Asked] = []
    for board in boards:
        values = chosen_values(board, server, looked_at)
        for mark in board.marks:
            server.query_range(interpolate(mark, values), looked_at.start_s, looked_at.end_s, looked_at.step_s)
        for panel in board.panels:
            asked += _ask_panel(board, panel, values, server, looked_at)
    return BoardReport(len(boards), sum(len(board.panels) for board in boards), asked)


def _ask_panel(
    board: Board, panel: BoardPanel, values: dict[str, str], server: PrometheusServer, looked_at: TimeRange
) -> Iterator[Asked]:
    for query in panel.queries:
        nothing = Answer([], [], [])
        try:
            expression = interpolate(query.expression, values)
            answer = _ask(query, expression, server, looked_at)
        except (UnknownVariableError, QueryRefused) as error:
            yield Asked(board.name, panel, query, query.expression, nothing, str(error))
        else:
            yield Asked(board.name, panel, query, expression, answer)


def _ask(query: BoardQuery, expression: str, server: PrometheusServer, looked_at: TimeRange) -> Answer:
    if query.instant:
        return server.query(expression)
    return server.query_range(expression, looked_at.start_s, looked_at.end_s, looked_at.step_s)
