import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from msgspec import yaml

from consumer.telemetry.catalogue import metric_names
from deploy.grafana.empty_panels import EMPTY_WITHOUT

ROOT = Path(__file__).resolve().parents[2]
DATASOURCES = ROOT / "deploy/grafana/provisioning/datasources/prometheus.yml"
RULES = ROOT / "deploy/prometheus/rules.yml"
FILES = sorted((ROOT / "deploy/grafana/dashboards").glob("*.json"))
# A recording rule's name has colons: level:metric:operations.
NAME = re.compile(r"\b[a-z_]+:reviews_\w+:\w+|\breviews_\w+")
HISTOGRAM_SUFFIX = re.compile(r"_(bucket|sum|count)$")
GRID_COLUMNS = 24
# What Prometheus itself remarks on: a rate of something that is no counter.
RATE = re.compile(r"\b(?:rate|increase)\((\w+)")
COUNTER_SUFFIX = re.compile(r"_(total|bucket|sum|count)$")
VARIABLE = re.compile(r"\$\{?(\w+)")
BUILT_IN = {"__rate_interval", "__range"}


def panels(file: Path) -> list[dict[str, Any]]:
    return [panel for panel in json.loads(file.read_text("utf-8"))["panels"] if panel["type"] != "row"]


def queries() -> list[str]:
    return [target["expr"] for file in FILES for panel in panels(file) for target in panel["targets"]]


def variables(file: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(file.read_text("utf-8"))["templating"]["list"]
    return found


def recorded_names() -> set[str]:
    groups = yaml.decode(RULES.read_bytes())["groups"]
    return {rule["record"] for group in groups for rule in group["rules"]}


every_board = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
every_panel = pytest.mark.parametrize(
    "panel", [pytest.param(panel, id=f"{file.stem}-{panel['title']}") for file in FILES for panel in panels(file)]
)


def test_committed_files_are_what_the_code_writes() -> None:
    command = [sys.executable, "-m", "deploy.grafana.dashboards", "--check"]
    check = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert (check.returncode, check.stderr) == (0, "")


@every_panel
def test_panel_says_what_it_shows_and_in_which_unit(panel: dict[str, Any]) -> None:
    assert panel["title"]
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"]


@every_panel
def test_panel_and_its_queries_use_the_chosen_data_source(panel: dict[str, Any]) -> None:
    chosen = {"type": "prometheus", "uid": "${datasource}"}

    assert panel["targets"]
    assert [panel["datasource"], *(target["datasource"] for target in panel["targets"])] == [chosen] * (
        1 + len(panel["targets"])
    )


@every_panel
def test_queries_of_a_panel_have_a_name_each(panel: dict[str, Any]) -> None:
    references = [target["refId"] for target in panel["targets"]]

    assert len(set(references)) == len(references)


@pytest.mark.parametrize("query", queries())
def test_no_query_fixes_its_interval(query: str) -> None:
    assert set(re.findall(r"\[(.+?)\]", query)) <= {"$__rate_interval", "$__range"}


@pytest.mark.parametrize("query", queries())
def test_no_query_asks_for_the_rate_of_what_is_no_counter(query: str) -> None:
    assert [name for name in RATE.findall(query) if not COUNTER_SUFFIX.search(name)] == []


@every_board
def test_data_source_variable_starts_with_the_provisioned_one(file: Path) -> None:
    (source,) = yaml.decode(DATASOURCES.read_bytes())["datasources"]
    variable = variables(file)[0]

    assert (variable["name"], variable["current"]["value"]) == ("datasource", source["uid"])


@every_board
def test_every_variable_is_one_of_the_board_and_is_used(file: Path) -> None:
    built = [variable["name"] for variable in variables(file)]
    asked = " ".join(
        [
            *(target["expr"] for panel in panels(file) for target in panel["targets"]),
            *(variable["query"]["query"] for variable in variables(file)[1:]),
            "${datasource}",
        ]
    )

    assert set(VARIABLE.findall(asked)) - BUILT_IN == set(built)


@every_board
def test_boards_lead_to_each_other(file: Path) -> None:
    board = json.loads(file.read_text("utf-8"))
    (link,) = board["links"]

    assert (link["type"], link["keepTime"], link["includeVars"]) == ("dashboards", True, True)
    assert set(link["tags"]) <= set(board["tags"])


def test_a_panel_that_may_be_empty_is_there_and_says_what_it_needs() -> None:
    said = {
        panel["title"]: panel["fieldConfig"]["defaults"].get("noValue", "") for file in FILES for panel in panels(file)
    }

    assert {title: said.get(title) for title in EMPTY_WITHOUT} == {
        title: f"empty without {needed}" for title, needed in EMPTY_WITHOUT.items()
    }


def test_no_panel_is_shown_twice() -> None:
    titles = [panel["title"] for file in FILES for panel in panels(file)]

    assert sorted(title for title in set(titles) if titles.count(title) > 1) == []


@every_board
def test_panels_fill_lines_and_have_ids_of_their_own(file: Path) -> None:
    everything = json.loads(file.read_text("utf-8"))["panels"]
    lines: dict[int, int] = {}
    for panel in everything:
        lines[panel["gridPos"]["y"]] = lines.get(panel["gridPos"]["y"], 0) + panel["gridPos"]["w"]

    assert set(lines.values()) == {GRID_COLUMNS}
    assert len({panel["id"] for panel in everything}) == len(everything)


def test_every_metric_that_is_named_is_exported() -> None:
    exported = metric_names()
    named = {name for text in queries() for name in NAME.findall(text)}
    metrics = {name for name in named if ":" not in name}

    assert metrics
    assert {name for name in metrics if {name, HISTOGRAM_SUFFIX.sub("", name)}.isdisjoint(exported)} == set()


def test_every_recorded_name_that_panels_use_is_recorded() -> None:
    used = {name for query in queries() for name in NAME.findall(query) if ":" in name}

    assert used
    assert used <= recorded_names()
