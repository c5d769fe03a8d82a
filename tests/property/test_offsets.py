"""Whatever the broker answers, in whatever order: offsets never pass what is not acknowledged, and nothing is lost."""

from collections import Counter
from dataclasses import dataclass, field

from confluent_kafka import KafkaError
from hypothesis import given
from hypothesis import strategies as st

from consumer.kafka.dead_letters import read_dead_letter_headers
from shared.errors import RetriableError
from tests.support.fake_producer import SentMessage
from tests.support.memory_records import TOPIC, MemoryRecord, review_value
from tests.support.sink_bench import LABELS, SinkBench

PARTITIONS = 3
BAD_VALUES = (None, b"", b"no review", b"{}", b'{"review_id": 1, "text": 2}', b"\xff")
TIMED_OUT = KafkaError(KafkaError._MSG_TIMED_OUT)

# One batch: for each record its partition, and whether it can be read.
batches = st.lists(
    st.lists(st.tuples(st.integers(0, PARTITIONS - 1), st.booleans()), min_size=1, max_size=8), max_size=6
)
Place = tuple[int, int]


@dataclass
class Run:
    """A sink, the records handed to it, and which of their messages the broker has."""

    bench: SinkBench = field(default_factory=SinkBench)
    next_offsets: list[int] = field(default_factory=lambda: [0] * PARTITIONS)
    records: list[MemoryRecord] = field(default_factory=list)
    acknowledged: set[Place] = field(default_factory=set)

    def deliver(self, batch: list[tuple[int, bool]]) -> None:
        """Hand over a batch with the next records of some partitions."""
        made = []
        for partition, readable in batch:
            offset = self.next_offsets[partition]
            self.next_offsets[partition] += 1
            value = review_value(f"{partition}-{offset}") if readable else BAD_VALUES[offset % len(BAD_VALUES)]
            made.append(MemoryRecord(value, partition, offset))
        self.records += made
        self.bench.deliver(made)

    def acknowledge(self, message: SentMessage) -> None:
        """Let the broker have one message."""
        self.bench.producer.release(message)
        self.acknowledged.add(place_of(message))

    def check(self) -> None:
        """Every record before a committed offset has its label or dead letter on the broker."""
        for (topic, partition), committed in self.bench.committer.committed().items():
            assert topic == TOPIC
            assert {(partition, offset) for offset in range(committed)} <= self.acknowledged


def place_of(message: SentMessage) -> Place:
    """Return partition and offset of the record that a message answers."""
    if message.topic == LABELS:
        source = message.label().source
        return source.partition, source.offset
    pairs = [(name, text.encode() if isinstance(text, str) else text) for name, text in message.headers]
    wrong = read_dead_letter_headers(pairs)
    return int(wrong["partition"]), int(wrong["offset"])


@given(batches, st.data())
def test_offsets_never_pass_an_unacknowledged_record_and_reach_the_end_when_all_are(
    batches: list[list[tuple[int, bool]]], data: st.DataObject
) -> None:
    run = Run()
    waiting = list(batches)
    while waiting or run.bench.producer.held:
        if waiting and (not run.bench.producer.held or data.draw(st.booleans(), "deliver the next batch")):
            run.deliver(waiting.pop(0))
        else:
            number = data.draw(st.integers(0, len(run.bench.producer.held) - 1), "acknowledge")
            run.acknowledge(run.bench.producer.held[number])
        in_flight = run.bench.sink.advance(0)
        assert in_flight <= len(run.records)
        run.check()
    assert run.bench.sink.advance(0) == 0
    run.bench.sink.drain(1)
    ends = {(TOPIC, number): end for number, end in enumerate(run.next_offsets) if end}
    assert run.bench.committer.committed() == ends


@given(batches, st.data())
def test_after_a_failure_nothing_from_the_failed_record_on_is_ever_committed(
    batches: list[list[tuple[int, bool]]], data: st.DataObject
) -> None:
    run = Run()
    for batch in batches:
        run.deliver(batch)
    messages = list(run.bench.producer.held)
    for number in data.draw(st.permutations(range(len(messages))), "order of the reports"):
        if data.draw(st.booleans(), "acknowledged"):
            run.acknowledge(messages[number])
        else:
            run.bench.producer.fail(TIMED_OUT, messages[number])
        try:
            run.bench.sink.advance(0)
        except RetriableError:
            assert run.acknowledged != {(record.partition(), record.offset()) for record in run.records}
        run.check()
    run.bench.sink.abandon()
    run.bench.sink.drain(1)
    run.check()


@given(batches)
def test_every_record_of_an_outcome_is_answered_exactly_once(batches: list[list[tuple[int, bool]]]) -> None:
    run = Run()
    for batch in batches:
        run.deliver(batch)
    answered = Counter(place_of(message) for message in run.bench.producer.sent)
    assert answered == Counter((record.partition(), record.offset()) for record in run.records)
    readable = Counter(place for batch in batches for place, good in batch if good)
    labels = Counter(place_of(message)[0] for message in run.bench.producer.sent if message.topic == LABELS)
    assert labels == readable
