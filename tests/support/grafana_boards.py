"""Boards as Grafana reads them: panels with their queries, and what becomes of the variables in these."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.prometheus_server import PrometheusServer

FOLDER = Path(__file__).parents[2] / "deploy/grafana/dashboards"
LABEL_VALUES = re.compile(r"label_values\((?P<metric>.+), (?P<label>\w+)\)")
VARIABLE = re.compile(r"\$(\w+)|\$\{(\w+)\}")
# What is left of a point's time when a chart is about so many pixels wide.
POINTS_MAX = 1000
GRID_COLUMNS = 24


class UnknownVariableError(Exception):
    """A query names a variable that neither the board nor Grafana has."""


@dataclass(frozen=True, slots=True)
class BoardQuery:
    """One query of a panel: as it is written, how its series are called, and whether only its last value is asked."""

    reference: str
    expression: str
    legend: str
    instant: bool


@dataclass(frozen=True, slots=True)
class BoardPanel:
    """One panel: where it stands, in grid units, and what it asks; a table has `columns`, and a unit for each query."""

    title: str
    kind: str
    unit: str
    place: Mapping[str, int]
    decimals: int | None
    minimum: float | None
    stacked: bool
    logarithmic: bool
    columns: list[str]
    units: list[str]
    queries: list[BoardQuery]


@dataclass(frozen=True, slots=True)
class Board:
    """One board: its rows with the grid line each stands on, its panels, and what is around them.

    `choices` are the queries behind its variables, in order, and the value that stands for all.
    """

    name: str
    title: str
    rows: list[tuple[str, int]]
    panels: list[BoardPanel]
    choices: dict[str, tuple[str, str]]
    marks: list[str]


@dataclass(frozen=True, slots=True)
class TimeRange:
    """What is looked at, in seconds since 1970, and how often Prometheus scrapes, in seconds."""

    start_s: float
    end_s: float
    scrape_s: float

    @property
    def step_s(self) -> float:
        """Seconds between two points: whole scrapes."""
        return max(self.scrape_s, (self.end_s - self.start_s) / POINTS_MAX)

    def built_in(self) -> dict[str, str]:
        """Return Grafana's own variables, as it works them out."""
        return {
            "__range": f"{self.end_s - self.start_s:.0f}s",
            "__interval": f"{self.step_s:g}s",
            "__rate_interval": f"{max(self.step_s + self.scrape_s, 4 * self.scrape_s):g}s",
        }


def read_boards() -> list[Board]:
    """Return every board of the repository."""
    return [_board(path.stem, json.loads(path.read_text("utf-8"))) for path in sorted(FOLDER.glob("*.json"))]


def chosen_values(board: Board, server: PrometheusServer, looked_at: TimeRange) -> dict[str, str]:
    """Return what each variable stands for where all is chosen; fails where there is nothing to choose."""
    values = looked_at.built_in()
    for name, (query, everything) in board.choices.items():
        asked = LABEL_VALUES.fullmatch(query)
        assert asked is not None, f"{board.name}: {query} is not understood"
        metric, label = interpolate(asked["metric"], values), asked["label"]
        found = server.query(f"group by ({label}) (last_over_time({metric}[{values['__range']}]))")
        options = sorted(series.labels[label] for series in found.series)
        assert options, f"{board.name}: there is nothing to choose for ${name}: {query}"
        # A choice of several is a regular expression, a choice of one its name alone.
        escaped = [re.escape(option).replace("\\", "\\\\") for option in options]
        values[name] = everything or (escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})")
    return values


def interpolate(text: str, values: Mapping[str, str]) -> str:
    """Return a query with its variables replaced; UnknownVariableError where one is not known."""

    def value(found: "re.Match[str]") -> str:
        name = found[1] or found[2]
        if name not in values:
            raise UnknownVariableError(f"${name} in {text}")
        return values[name]

    return VARIABLE.sub(value, text)


def _board(name: str, document: Mapping[str, Any]) -> Board:
    return Board(
        name,
        document["title"],
        [(row["title"], row["gridPos"]["y"]) for row in document["panels"] if row["type"] == "row"],
        [_panel(panel) for panel in document["panels"] if panel["type"] != "row"],
        {
            variable["name"]: (variable["query"]["query"], variable.get("allValue", ""))
            for variable in document["templating"]["list"]
            if variable["type"] == "query"
        },
        [mark["expr"] for mark in document["annotations"]["list"]],
    )


def _panel(panel: Mapping[str, Any]) -> BoardPanel:
    defaults = panel["fieldConfig"]["defaults"]
    unit = panel["options"].get("yAxis", {}).get("unit") or defaults["unit"]
    custom = defaults.get("custom", {})
    queries = [
        BoardQuery(target["refId"], target["expr"], target["legendFormat"], target.get("instant", False))
        for target in panel["targets"]
    ]
    organised = [
        each["options"]["indexByName"] for each in panel.get("transformations", []) if each["id"] == "organize"
    ]
    columns = [
        name for order in organised for name in sorted(order, key=order.__getitem__) if not name.startswith("Value")
    ]
    own_units = {
        each["matcher"]["options"]: each["properties"][0]["value"] for each in panel["fieldConfig"]["overrides"]
    }
    return BoardPanel(
        title=panel["title"],
        kind=panel["type"],
        unit=unit,
        place=panel["gridPos"],
        decimals=defaults.get("decimals"),
        minimum=defaults.get("min"),
        stacked=custom.get("stacking", {}).get("mode") == "normal",
        logarithmic=custom.get("scaleDistribution", {}).get("type") == "log",
        columns=columns,
        units=[own_units.get(query.legend, unit) for query in queries],
        queries=queries,
    )
