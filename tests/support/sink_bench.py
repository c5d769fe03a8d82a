"""An AtLeastOnceSink with everything around it in the test's hands."""

from collections.abc import Sequence
from typing import cast

from confluent_kafka import Producer

from consumer.kafka.at_least_once import AtLeastOnceSink
from consumer.kafka.delivery import DeliverySettings
from consumer.scoring.record import Record
from tests.support.fake_clock import FakeClock
from tests.support.fake_committer import FakeCommitter
from tests.support.fake_producer import FakeProducer
from tests.support.fake_scorer import outcome_of
from tests.support.recording_observer import RecordingObserver

LABELS = "labels"
LETTERS = "letters"


class SinkBench:
    """Commits are due at once unless `commit_interval_s` says otherwise."""

    def __init__(self, inflight_records_max: int = 1000, commit_interval_s: float = 0.0) -> None:
        self.clock = FakeClock()
        self.producer = FakeProducer(self.clock)
        self.committer = FakeCommitter()
        self.observer = RecordingObserver()
        settings = DeliverySettings(
            LABELS, LETTERS, inflight_records_max, commit_interval_s=commit_interval_s, room_wait_s_max=10.0
        )
        # The fake has what the sink uses of a producer.
        producer = cast("Producer", self.producer)
        self.sink = AtLeastOnceSink(producer, self.committer, settings, self.observer, self.observer, self.clock)

    def deliver(self, records: Sequence[Record]) -> None:
        """Hand over what becomes of some records."""
        self.sink.deliver(outcome_of(records))
