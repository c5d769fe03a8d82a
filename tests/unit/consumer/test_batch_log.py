"""What the log says of a batch."""

import json
from collections.abc import Iterator
from typing import Any, cast

import numpy as np
import pytest
import structlog
from prometheus_client import CollectorRegistry

from consumer.scoring.ports import BatchTimes
from consumer.telemetry.batch_log import BatchLog
from consumer.telemetry.log_counts import LEVELS, LogCounts
from consumer.telemetry.told_together import ToldTogether
from shared.logs import configure_logs, get_logger
from tests.support.fake_scorer import outcome_of
from tests.support.memory_records import MemoryRecord, review_value
from tests.support.recording_observer import RecordingObserver

TIMES = BatchTimes(np.array([0.1]), 0.5, 0.01, 0.02, 0.04)
GOOD = MemoryRecord(review_value("an-id", "a good and secret lamp"), 2, 40, b"a-key")


@pytest.fixture(autouse=True)
def _put_the_configuration_back() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    for event in found:
        del event["timestamp"], event["component"]
    return found


def test_at_debug_each_batch_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("DEBUG")
    BatchLog().scored(outcome_of([GOOD, GOOD]), TIMES)
    assert lines(capsys) == [
        {
            "event": "batch_done",
            "level": "debug",
            "records": 2,
            "dead_letters": 0,
            "ms": 70.0,
            "closed_by": "drained",
        }
    ]


def test_above_debug_a_batch_without_dead_letters_is_not_looked_at() -> None:
    configure_logs("INFO")
    # Whoever asked it for a time would fail.
    BatchLog().scored(outcome_of([GOOD]), cast("BatchTimes", None))


def test_dead_letters_are_told_by_reason_with_the_place_of_the_first_and_nothing_of_what_they_hold(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logs("INFO")
    bad = [MemoryRecord(b"secret", 2, 41, b"a-key"), MemoryRecord(None, 2, 42), MemoryRecord(b"secret too", 1, 7)]
    BatchLog().scored(outcome_of([GOOD, *bad]), TIMES)
    found = lines(capsys)
    assert all(event.pop("hint") for event in found)
    same = {"event": "dead_lettered", "level": "warning", "stage": "decode", "topic": "reviews"}
    assert sorted(found, key=lambda event: int(event["offset"])) == [
        same | {"reason": "not_json", "partition": 2, "offset": 41, "records": 2},
        same | {"reason": "empty_value", "partition": 2, "offset": 42, "records": 1},
    ]


def test_log_lines_are_counted_by_level_and_every_level_is_there_from_the_start() -> None:
    registry = CollectorRegistry()
    counts = LogCounts(registry)

    def counted() -> dict[str, float | None]:
        return {level: registry.get_sample_value("reviews_log_messages_total", {"level": level}) for level in LEVELS}

    assert counted() == dict.fromkeys(LEVELS, 0)
    configure_logs("DEBUG", on_line=counts.count)
    log = get_logger("loop")
    for say in (log.debug, log.info, log.warning, log.error, log.critical, log.exception):
        say("something")
    assert counted() == {"debug": 1, "info": 1, "warning": 1, "error": 2, "critical": 1}


def test_observers_that_are_told_together_hear_of_each_batch_and_the_first_of_everything_else() -> None:
    first, other = RecordingObserver(), RecordingObserver()
    together = ToldTogether(first, [other])
    together.scored(outcome_of([GOOD]), TIMES)
    together.waited(0.5)
    together.acknowledged(np.array([1]), {("reviews", 2): GOOD}, 0.1, None)
    together.rewound()
    together.alive()
    assert first.batch_sizes() == other.batch_sizes() == [1]
    assert (first.waits, len(first.durable), first.rewinds, first.signs_of_life) == ([0.5], 1, 1, 1)
    assert (other.waits, other.durable, other.rewinds, other.signs_of_life) == ([], [], 0, 0)
