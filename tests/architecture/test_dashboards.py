import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from msgspec import yaml

from consumer.telemetry.catalogue import metric_names

ROOT = Path(__file__).resolve().parents[2]
DATASOURCES = ROOT / "deploy/grafana/provisioning/datasources/prometheus.yml"
RULES = ROOT / "deploy/prometheus/rules.yml"
FILES = sorted((ROOT / "deploy/grafana/dashboards").glob("*.json"))
# A recording rule's name has colons: level:metric:operations.
NAME = re.compile(r"\b[a-z_]+:reviews_\w+:\w+|\breviews_\w+")
HISTOGRAM_SUFFIX = re.compile(r"_(bucket|sum|count)$")
GRID_COLUMNS = 24


def panels(file: Path) -> list[dict[str, Any]]:
    return [panel for panel in json.loads(file.read_text("utf-8"))["panels"] if panel["type"] != "row"]


def queries() -> list[str]:
    return [target["expr"] for file in FILES for panel in panels(file) for target in panel["targets"]]


def recorded_names() -> set[str]:
    groups = yaml.decode(RULES.read_bytes())["groups"]
    return {rule["record"] for group in groups for rule in group["rules"]}


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


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_data_source_variable_starts_with_the_provisioned_one(file: Path) -> None:
    (source,) = yaml.decode(DATASOURCES.read_bytes())["datasources"]
    (variable,) = json.loads(file.read_text("utf-8"))["templating"]["list"]

    assert (variable["name"], variable["current"]["value"]) == ("datasource", source["uid"])


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
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
