"""Every query of every board, asked of a real Prometheus that watches a real stream."""

import json
import os
import signal
import sys
from pathlib import Path

import pytest

from consumer.reports.comparison_figures import figures_of
from shared.kafka_client import KafkaSettings
from shared.topics import TopicSettings
from tests.support.board_answers import ask_everything
from tests.support.grafana_boards import read_boards
from tests.support.made_up_comparison import THRESHOLDS, comparison
from tests.support.observed_stream import Models, ObservedStream, exporter, rated_reviews
from tests.support.steady_publisher import SteadyPublisher

pytestmark = pytest.mark.kafka

PER_SECOND = 300
REPORT = "BOARDS_REPORT"
# Both deliveries have labelled, and every figure that clients give every few seconds is there.
UNDERWAY = (
    "count(reviews_kafka_broker_rtt_seconds) > 1",
    "sum(reviews_shadow_labelled_total) > 0",
    "job:reviews_labelled:stability_index_rate1h",
    'sum(reviews_transactions_total{outcome="committed"}) > 5',
    "count(reviews_labelled_total > 0) > 3",
    "sum(reviews_dead_lettered_total) == 3",
    'sum(reviews_rebalances_total{kind="revoked"}) > 0',
)


def test_every_query_of_every_board_answers_with_nothing_wrong(
    kafka: KafkaSettings, topics: TopicSettings, small_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = figures_of(comparison(), THRESHOLDS, 1_700_000_000.0)
    with (
        exporter(found) as port,
        ObservedStream(kafka, topics, Models(small_model, small_model), port) as stream,
        SteadyPublisher(kafka, topics.input_topic, PER_SECOND, values=rated_reviews) as publisher,
    ):
        stream.send_what_cannot_be_read()
        late = stream.join()
        for condition in UNDERWAY:
            stream.prometheus.await_series(condition)
        # It neither reads nor answers: its partitions wait, and so do scrapes of it.
        late.signal(signal.SIGSTOP)
        stream.prometheus.await_series("max(reviews_lag_seconds) > 2 or up == 0")
        late.signal(signal.SIGCONT)
        stream.prometheus.await_series("min(up) == 1")
        publisher.stop()
        report = ask_everything(read_boards(), stream.prometheus, stream.looked_at())
    with capsys.disabled():
        sys.stdout.write(f"\n{report}\n")
    if REPORT in os.environ:
        Path(os.environ[REPORT]).write_text(json.dumps(report.document(), indent=2) + "\n", "utf-8")
    assert report.faults() == []
    assert report.boards == 4
