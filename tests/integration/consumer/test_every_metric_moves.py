"""Declared = documented = moved: what is exported is declared, and all of it moves on a real broker."""

import re
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from consumer.telemetry.catalogue import DECLARATIONS, PREFIX, RUN, metric_names, names_declared_by
from consumer.telemetry.kafka_clients import CLIENTS
from consumer.telemetry.loop_seconds import LOOP_STATES
from consumer.telemetry.metric_groups import PROCESS_METRICS
from consumer.telemetry.metrics import STAGES
from shared.dev_broker.choice import DevBroker
from shared.kafka_client import KafkaSettings
from shared.topics import TopicSettings
from tests.support.bad_models import flip_a_byte
from tests.support.client_quota import write_quota
from tests.support.memory_limits import allow_only
from tests.support.metric_watch import MetricWatch, await_moved
from tests.support.metrics_page import read_metrics
from tests.support.processes import ROOT, Program, settings_in_environment
from tests.support.reviews import publish, review_values
from tests.support.small_model import BAD, GOOD, train_small_model
from tests.support.stamped_reviews import publish_stamped
from tests.support.stream_under_test import Deadline

pytestmark = pytest.mark.kafka

BACKLOG = "a backlog of old, future and unusable records"
QUOTA = "a quota that lets labels trickle"
SECOND = "a second member that delivers exactly once"
SHADOW = "a shadow that has learnt the opposite"
OFFERED = "a new model with a flipped byte"
LIMIT = "a limit on the address space"

# What moves what. Each metric stands here once: one that nothing moves must not exist.
MOVED_BY = {
    BACKLOG: {
        "build_info", "consumed_total", "labelled_total", "dead_lettered_total", "end_to_end_latency_seconds",
        "stage_seconds", "batch_records", "batches_total", "loop_seconds_total", "batch_cost_seconds_per_byte",
        "batch_cost_fixed_seconds", "batch_cost_error_ratio", "catching_up", "last_scored_timestamp_seconds",
        "last_commit_timestamp_seconds", "lag_records", "lag_seconds", "assigned_partitions", "rebalances_total",
        "topic_partitions", "topic_retention_seconds", "clock_skew_total", "kafka_broker_rtt_seconds",
        "kafka_queue_records", "score", "text_chars", "terms_total", "rated_agreement_total", "reference_label_share",
        "log_messages_total",
    },
    QUOTA: {
        "inflight_records", "inflight_bytes", "rewinds_total", "kafka_throttle_seconds", "kafka_request_errors_total",
    },
    SECOND: {"transactions_total", "transaction_seconds"},
    SHADOW: {"shadow_info", "shadow_labelled_total", "shadow_disagreements_total"},
    OFFERED: {"model_reloads_total"},
    LIMIT: {"memory_limit_bytes"},
}  # fmt: skip

# Of metrics with labels, what has more than one way to move.
MOVED_SERIES = {
    *(("reviews_dead_lettered_total", reason) for reason in ("not_json", "schema", "empty_value", "encoding")),
    *(("reviews_rebalances_total", kind) for kind in ("assigned", "revoked")),
    *(("reviews_loop_seconds_total", state) for state in LOOP_STATES),
    *(("reviews_kafka_queue_records", client) for client in CLIENTS),
    *(("reviews_stage_seconds_count", stage) for stage in STAGES),
    *(("reviews_score_bucket", "1.0"), ("reviews_terms_total", "yes"), ("reviews_terms_total", "no")),
    *(("reviews_rated_agreement_total", agree) for agree in ("yes", "no")),
    ("reviews_transactions_total", "committed"),
    ("reviews_model_reloads_total", "refused"),
}

DAY_S = 86_400
# Programs beside `run` that export metrics of their own, and the test that moves them.
MOVED_ELSEWHERE = {
    "run --workers": "tests/e2e/test_workers.py",
    "compare": "tests/integration/consumer/test_compare_command.py",
}

HOUR_MS = 3_600_000
REVIEWS = 3000
RATED = [
    b'{"review_id": "rated-%d", "text": "What a wonderful lamp", "rating": %d}' % (stars, stars) for stars in (1, 5)
]
UNUSABLE = [b"plain words", b'{"review_id": "r"}', b"", b'{"review_id": "r", "text": "\xff"}']
# Less than the labels of a batch, so that a message outlives its time; more than the broker needs to be asked.
QUOTA_BYTES_PER_S = 2000
SPARE_MB = 256


def moved_by(what: str) -> set[str]:
    return {PREFIX + name for name in MOVED_BY[what]}


class Stage:
    """A topic with a backlog, and members of one group that are watched."""

    def __init__(self, kafka: KafkaSettings, topics: TopicSettings, model: Path) -> None:
        self.kafka = kafka
        self.topics = topics
        self.client_id = topics.input_topic
        self._environment = settings_in_environment(kafka, topics) | {
            "REVIEWS_MODEL": str(model),
            "REVIEWS_GROUP": topics.input_topic,
            "REVIEWS_BATCH_RECORDS_MAX": "100",
            "REVIEWS_INFLIGHT_RECORDS_MAX": "500",
        }

    def fill(self) -> None:
        now_ms = int(time.time() * 1000)
        values = [*review_values(REVIEWS // 2), *RATED, *UNUSABLE, *review_values(REVIEWS // 2, first=REVIEWS // 2)]
        stamps_ms = [now_ms - HOUR_MS, now_ms - HOUR_MS, now_ms + HOUR_MS, -1]
        publish_stamped(self.kafka.bootstrap_servers, self.topics.input_topic, values, stamps_ms)

    @contextmanager
    def slow_writer(self) -> Iterator[Program]:
        """Run a member whose labels a quota slows down, and whose client gives up a message soon."""
        properties = [f"client.id={self.client_id}", "message.timeout.ms=2000", "statistics.interval.ms=500"]
        arguments = ["run", *(part for each in properties for part in ("-X", each))]
        with Program("consumer", arguments, self._environment) as program:
            yield program

    @contextmanager
    def exactly_once(self, served: Path, shadow: Path) -> Iterator[Program]:
        """Run a member with transactions and two models."""
        environment = self._environment | {
            "REVIEWS_DELIVERY": "exactly-once",
            "REVIEWS_INSTANCE": self.client_id,
            "REVIEWS_MODEL": str(served),
            "REVIEWS_MODEL_WATCH": "0.1",
            "REVIEWS_SHADOW_MODEL": str(shadow),
        }
        with Program("consumer", ["run"], environment) as program:
            yield program


def watch(name: str, program: Program) -> MetricWatch:
    return MetricWatch(name, program.wait_for("started")["metrics_port"])


def documented() -> set[str]:
    return set(re.findall(r"^\| `(reviews_\w+)` \|", (ROOT / "docs/metrics.md").read_text("utf-8"), re.MULTILINE))


def test_every_metric_is_declared_and_documented_and_moves(  # noqa: PLR0913, PLR0917 - one argument a fixture
    kafka_broker: DevBroker,
    kafka: KafkaSettings,
    topics: TopicSettings,
    small_model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stage, deadline = Stage(kafka, topics, small_model), Deadline()
    stage.fill()
    served, contrary = tmp_path / "served", tmp_path / "contrary"
    shutil.copytree(small_model, served)
    train_small_model(contrary, "fast", {"positive": BAD, "negative": GOOD})
    with ExitStack() as running:
        with write_quota(kafka_broker.bootstrap_servers, stage.client_id, QUOTA_BYTES_PER_S):
            slow = running.enter_context(stage.slow_writer())
            first = watch("at least once", slow)
            await_moved([first], moved_by(BACKLOG) | moved_by(QUOTA), f"{BACKLOG}, under {QUOTA},")
        other = running.enter_context(stage.exactly_once(served, contrary))
        second = watch("exactly once", other)
        while other.wait_for("partitions_assigned")["held"] == 0:
            pass
        publish(kafka, topics.input_topic, review_values(500, first=REVIEWS))
        await_moved([first, second], moved_by(SECOND), SECOND)
        while not moved_by(SHADOW) <= second.moved:
            # What comes while the shadow is at work is left out: one batch at a time is offered to it.
            publish(kafka, topics.input_topic, review_values(10, first=REVIEWS))
            deadline.check(SHADOW)
            second.look()
        flip_a_byte(served)
        await_moved([second], moved_by(OFFERED), OFFERED)
        page = read_metrics(first.port)
        topic = (page["reviews_topic_partitions"], page["reviews_topic_retention_seconds"])
        assert topic == (topics.partitions, topics.retention_days * DAY_S)
        allow_only(slow.process_id, SPARE_MB)
        await_moved([first, second], moved_by(LIMIT), LIMIT)
        assert [other.stop(), slow.stop()] == [0, 0], slow.said[-20:]

    watches = [first, second]
    assert DECLARATIONS.keys() == {RUN} | MOVED_ELSEWHERE.keys()
    assert [file for file in MOVED_ELSEWHERE.values() if not (ROOT / file).exists()] == []
    declared = names_declared_by(RUN)
    exported = {name for one in watches for name in one.exported}
    assert exported == declared | {name for name, *_ in PROCESS_METRICS}
    assert {key for one in watches for key in one.undeclared_labels} == set()
    assert MOVED_SERIES - {series for one in watches for series in one.moved_series} == set()
    assert documented() == metric_names()
    named = [name for what in MOVED_BY for name in moved_by(what)]
    assert len(set(named)) == len(named)
    moved = {name for one in watches for name in one.moved}
    assert moved & declared == declared == set(named)
    with capsys.disabled():
        counts = f"declared {len(declared)} = documented {len(documented() & declared)} = moved {len(moved & declared)}"
        sys.stdout.write(f"\nmetrics: {counts}\n")
