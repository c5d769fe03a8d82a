"""The metrics' page and the declarations say the same, and its PromQL asks for what is exported."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest
from msgspec import yaml
from prometheus_client import CollectorRegistry

from consumer.telemetry import metrics_page as page
from consumer.telemetry.catalogue import PREFIX, as_markdown, declared_metrics, metric_names
from consumer.telemetry.metric_groups import GROUPS, MetricFacts
from consumer.telemetry.metrics import ConsumerMetrics
from tests.support.fake_clock import FakeClock

NAME = re.compile(r"\breviews_\w+")
HISTOGRAM_SUFFIX = re.compile(r"_(bucket|sum|count)$")
# What is not an amount of the unit that the name ends with.
UNITS = {
    "_seconds": "seconds",
    "_bytes": "bytes",
    "_records": "records",
    "_partitions": "partitions",
    "_ratio": "share",
}


def grouped() -> list[MetricFacts]:
    return [metric for group in GROUPS for metric in group.metrics]


def unknown(names: Iterable[str]) -> set[str]:
    return {name for name in names if {name, HISTOGRAM_SUFFIX.sub("", name)}.isdisjoint(metric_names())}


def test_every_declared_metric_answers_one_question_and_every_one_with_a_question_is_declared() -> None:
    names = [PREFIX + metric.name for metric in grouped()]
    assert len(set(names)) == len(names)
    assert {metric.name for metric in declared_metrics()} == metric_names() == set(names)


def test_a_unit_is_the_one_that_the_name_ends_with() -> None:
    wrong = [
        metric.name
        for metric in grouped()
        for suffix, unit in UNITS.items()
        if metric.name.removesuffix("_total").endswith(suffix) and not metric.unit.startswith(unit)
    ]
    assert wrong == []


def test_every_label_says_its_values_or_what_bounds_them() -> None:
    labels = [label for metric in grouped() for label in metric.labels]
    assert [label for label in labels if bool(label.values) is bool(label.bounded_by)] == []


def test_every_value_of_a_label_that_the_page_names_is_exported_from_the_start_and_no_other() -> None:
    registry = CollectorRegistry()
    ConsumerMetrics(registry, FakeClock())
    exported: dict[str, set[str]] = {}
    for sample in (sample for family in registry.collect() for sample in family.samples):
        name = HISTOGRAM_SUFFIX.sub("", sample.name)
        for label, value in sample.labels.items():
            exported.setdefault(f"{name} {label}", set()).add(value)
    closed = {
        f"{metric.name} {label.name}": set(label.values)
        for metric in declared_metrics()
        for label in metric.labels
        if label.values
    }
    assert closed
    # What is read from a model's manifest is there once a model is.
    assert {name: exported.get(name, values) for name, values in closed.items()} == closed


def test_every_name_in_the_pages_words_is_exported() -> None:
    assert unknown(NAME.findall(as_markdown().replace("reviews_topic_*", ""))) == set()


@pytest.mark.parametrize("row", [*page.OPENTELEMETRY, *page.EXPORTERS])
def test_what_is_known_by_another_name_is_pointed_to(row: tuple[str, str]) -> None:
    other, here = row
    assert other != here
    assert "`" in here or "no label" in here


def test_the_pages_queries_are_good_promql(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        assert not os.environ.get("CI"), "promtool is missing"
        pytest.skip("promtool, of Prometheus, is not installed")
    rules = [{"record": f"page:query:{number}", "expr": query} for number, (_, query) in enumerate(page.QUERIES)]
    file = tmp_path / "queries.yml"
    file.write_bytes(yaml.encode({"groups": [{"name": "page", "rules": rules}]}))
    check = subprocess.run([promtool, "check", "rules", file], capture_output=True, text=True, check=False)
    assert check.returncode == 0, check.stderr
    assert f"{len(rules)} rules found" in check.stdout


def test_the_scrape_configuration_names_where_a_consumer_is_reached() -> None:
    (job,) = yaml.decode(page.SCRAPE.encode())["scrape_configs"]
    assert [address.rpartition(":")[2] for one in job["static_configs"] for address in one["targets"]] == ["9464"] * 2
