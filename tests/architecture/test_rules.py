"""The rules of Prometheus are valid, tested by its own tool, explained, and name metrics that exist."""

import re
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
from msgspec import yaml

from consumer.__main__ import group as consumer_group
from consumer.telemetry.catalogue import metric_names
from tests.support.prometheus_server import find_prometheus_program

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy/prometheus"
RUNBOOK = (ROOT / "docs/runbook.md").read_text("utf-8")
BOARDS = sorted((ROOT / "deploy/grafana/dashboards").glob("*.json"))
TESTS = sorted((FOLDER / "tests").glob("*.yml"))
NAME = re.compile(r"\b(?:[a-z_]+:)?(?:reviews|process)_\w+(?::\w+)?")
HISTOGRAM_SUFFIX = re.compile(r"_(bucket|sum|count)$")
SEVERITIES = {"page", "ticket"}
NO_DATA = "no data"
# Nobody there is the very thing that this one is about: it fires where there is no data.
FIRES_WITHOUT_DATA = "ConsumerDown"
PROCESS_METRICS = {"process_resident_memory_bytes", "process_start_time_seconds"}


def groups_of(file: str) -> list[dict[str, Any]]:
    groups: list[dict[str, Any]] = yaml.decode((FOLDER / file).read_bytes())["groups"]
    return groups


def rules_of(file: str) -> list[dict[str, Any]]:
    return [rule for group in groups_of(file) for rule in group["rules"]]


def stories() -> list[dict[str, Any]]:
    return [story for file in TESTS for story in yaml.decode(file.read_bytes())["tests"]]


def checks_of(alert: str) -> list[tuple[str, bool, bool]]:
    """Return the story of each check of an alert, whether there are data in it, and whether the alert fires."""
    return [
        (story["name"], bool(story["input_series"]), bool(check["exp_alerts"]))
        for story in stories()
        for check in story.get("alert_rule_test", [])
        if check["alertname"] == alert
    ]


def run(command: list[str]) -> None:
    found = subprocess.run(command, capture_output=True, text=True, check=False, cwd=FOLDER)
    assert found.returncode == 0, found.stdout + found.stderr


RECORDED = rules_of("rules.yml")
ALERTS = rules_of("alerts.yml")
NAMES = sorted({alert["alert"] for alert in ALERTS})
every_alert = pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: f"{alert['alert']}-{alert['for']}")
every_name = pytest.mark.parametrize("name", NAMES)


def test_configuration_and_rules_are_valid() -> None:
    run([find_prometheus_program("promtool"), "check", "config", "prometheus.yml"])


@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.stem)
def test_rules_do_what_their_stories_say(file: Path) -> None:
    run([find_prometheus_program("promtool"), "test", "rules", str(file)])


@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.stem)
def test_stories_work_out_what_is_recorded_before_what_is_alerted(file: Path) -> None:
    story = yaml.decode(file.read_bytes())
    files = [name.removeprefix("../") for name in story["rule_files"]]

    assert story["group_eval_order"] == [group["name"] for name in files for group in groups_of(name)]


def test_the_example_of_an_alertmanager_is_valid() -> None:
    run([find_prometheus_program("amtool"), "check-config", "alertmanager.example.yml"])


@every_name
def test_alert_is_seen_to_fire_to_be_silent_and_to_bear_that_there_are_no_data(name: str) -> None:
    checks = checks_of(name)

    assert any(fires for _, data, fires in checks if data)
    assert any(not fires for _, data, fires in checks if data)
    assert {fires for _, data, fires in checks if not data} >= {name == FIRES_WITHOUT_DATA}
    assert all(name == FIRES_WITHOUT_DATA or not fires for _, data, fires in checks if not data)


@every_alert
def test_alert_says_what_happens_how_urgent_it_is_and_what_to_do(alert: dict[str, Any]) -> None:
    words = alert["annotations"]

    assert alert["labels"]["severity"] in SEVERITIES
    assert words["description"].endswith((".", ".{{ end }}"))
    assert words["runbook_url"] == f"docs/runbook.md#{alert['alert'].lower()}"


@every_alert
def test_runbook_has_the_alert_and_its_severities(alert: dict[str, Any]) -> None:
    section = re.search(rf"^### {alert['alert']}\n\n(.+?)(?=^##|\Z)", RUNBOOK, re.MULTILINE | re.DOTALL)

    assert section is not None
    assert f"**{alert['labels']['severity']}**" in section[1].splitlines()[0]
    assert re.search(r"^1\. ", section[1], re.MULTILINE)


def test_runbook_has_no_alert_that_there_is_not() -> None:
    assert sorted(re.findall(r"^### (\w+)", RUNBOOK, re.MULTILINE)) == NAMES


def test_every_command_of_the_runbook_is_understood() -> None:
    commands = re.findall(r"`review-consumer ([^`…]+)", RUNBOOK)

    assert commands
    assert [each for each in commands if not understood(each.split())] == []


def understood(words: list[str]) -> bool:
    """Return whether the command is there, and has the options that are named."""
    command: click.Command | None = consumer_group
    path: tuple[str, ...] = ()
    while isinstance(command, click.Group):
        path += (words[len(path)],)
        command = command.get_command(click.Context(command), path[-1])
    if command is None:
        return False
    options = {option for parameter in command.params for option in parameter.opts}
    return {word for word in words if word.startswith("--")} <= options


def test_every_metric_that_rules_name_is_exported() -> None:
    recorded = {rule["record"] for rule in RECORDED}
    named = {name for rule in [*RECORDED, *ALERTS] for name in NAME.findall(rule["expr"])}
    exported = metric_names() | recorded | PROCESS_METRICS

    missing = {name for name in named if {name, HISTOGRAM_SUFFIX.sub("", name)}.isdisjoint(exported)}
    assert {HISTOGRAM_SUFFIX.sub("", name) for name in missing} == set()


def test_every_recorded_rule_is_used_and_its_values_are_tested() -> None:
    boards = "".join(file.read_text("utf-8") for file in BOARDS)
    expressions = " ".join(rule["expr"] for rule in [*RECORDED, *ALERTS])
    tested = " ".join(check["expr"] for story in stories() for check in story.get("promql_expr_test", []))
    names = {rule["record"] for rule in RECORDED}

    assert {name for name in names if name not in boards + expressions} == set()
    assert {name for name in names if name not in tested} == set()


def test_names_of_recorded_rules_say_level_metric_and_operation() -> None:
    assert all(re.fullmatch(r"[a-z_]+:reviews_\w+:\w+", rule["record"]) for rule in RECORDED)
