"""What the demo shows at its end."""

import io
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from rich.console import Console

from consumer.kafka.audit_result import AuditResult, Finding
from consumer.reports.demo_summary import DemoResult, print_summary
from shared.reviews import Label, Source
from tests.support.fake_scorer import MODEL


def label(number: int, name: str) -> Label:
    when = datetime(2024, 1, 1, tzinfo=UTC)
    return Label(f"r{number}", name, 0.8, {name: 0.8}, MODEL, when, Source("reviews", 0, number))


RESULT = DemoResult(
    broker="local",
    model="keywords, digest abc",
    labels=[
        label(0, "positive"),
        label(1, "negative"),
        label(2, "neutral"),
        label(3, "negative"),
        label(9, "positive"),
    ],
    truth={"r0": "positive", "r1": "positive", "r2": "negative", "r3": "negative"},
    latencies_s=np.array([0.002, 0.004, 0.006]),
    rate_per_s=200,
    burst_per_s=12_345,
    dead_letter_reasons=["not_json", "schema"],
    audit=AuditResult(inputs=7, labelled=5, dead_lettered=2),
    exit_code=0,
    seconds=31,
)


def shown(result: DemoResult) -> str:
    console = Console(record=True, width=120, file=io.StringIO())
    print_summary(result, console)
    return console.export_text()


@pytest.mark.parametrize(
    "words",
    ["r0", "positive", "neutral", "80%", "4 ms", "12,345 reviews/s", "50.0% of 5", "not_json, schema", "local"],
)
def test_it_shows(words: str) -> None:
    assert words in shown(RESULT)


def test_it_shows_the_proof_and_that_it_holds() -> None:
    text = shown(RESULT)
    assert "7 inputs = 5 labels + 2 dead letters, 0 missing, 0 repeated" in text
    assert "holds" in text
    assert "BROKEN" not in text


def test_it_says_when_the_proof_does_not_hold() -> None:
    broken = replace(RESULT, audit=replace(RESULT.audit, counts={Finding.MISSING: 1}))
    assert "BROKEN" in shown(broken)
    assert not broken.succeeded


def test_it_succeeded_only_where_the_consumer_left_as_it_should() -> None:
    assert RESULT.succeeded
    assert not replace(RESULT, exit_code=70).succeeded


def test_accuracy_counts_only_reviews_whose_label_is_known() -> None:
    assert RESULT.accuracy == 0.5
    assert replace(RESULT, labels=[label(9, "positive")]).accuracy == 0.0
