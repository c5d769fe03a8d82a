"""Dead letters read back, chosen, and put back at most once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from consumer.kafka.dead_letters import dead_letter_message, read_dead_letter_headers
from consumer.kafka.range_reader import StoredMessage, headers_or_none
from consumer.kafka.replay_plan import Fate, ReplayedRecords, ReplayPlan, ReplayRules, ReplayTarget
from consumer.kafka.replay_sender import ANY_PARTITION, ReplaySender, replayed_message
from consumer.kafka.stored_dead_letters import DeadLetterFilter, StoredDeadLetter, read_dead_letter, replayed_source
from consumer.scoring.outcome import DeadLetter
from shared.errors import Reason, RetriableError
from shared.reviews import Source
from tests.support.answers import FAILED_AT, letter_of, read_back
from tests.support.fake_clock import FakeClock
from tests.support.memory_records import TOPIC, MemoryRecord

AT = datetime(2024, 6, 1, tzinfo=UTC)
RECORD = MemoryRecord(b"\x00\xff", 2, 41, b"key", [("x", b"1"), ("x", None)], 1_234_567_890_123)


def stored(record: MemoryRecord, offset: int = 0) -> StoredMessage:
    return StoredMessage(
        record.in_partition, offset, record.name, record.content, headers_or_none(record), record.stamp_ms
    )


def letter_for(record: MemoryRecord = RECORD, reason: Reason = Reason.SCHEMA, offset: int = 0) -> StoredDeadLetter:
    return read_dead_letter(stored(letter_of(record, reason), offset))


def replayed(letter: StoredDeadLetter, offset: int = 99, partition: int = 2) -> MemoryRecord:
    """Return the record as it stands in the input topic after its replay."""
    return read_back(replayed_message(letter, AT), TOPIC, offset, partition)


def test_a_dead_letter_is_read_back_as_it_was_written() -> None:
    letter = letter_for()
    assert (letter.reason, letter.stage, letter.message, letter.model) == ("schema", "decode", "no good", "d1")
    assert letter.source == Source(TOPIC, 2, 41)
    assert (letter.failed_at, letter.attempts, letter.size_bytes) == (FAILED_AT, 1, 2)


def test_what_another_program_wrote_into_the_topic_is_unknown_and_no_crash() -> None:
    pairs = (
        ("__dlq.errors.offset", b"4x"),
        ("__dlq.errors.failed_at", b"yesterday"),
        ("__dlq.errors.attempts", None),
        ("__dlq.errors.topic", b"\xff"),
    )
    letter = read_dead_letter(StoredMessage(0, 0, None, None, pairs, -1))
    assert (letter.reason, letter.stage, letter.source, letter.failed_at) == ("unknown", "unknown", None, None)
    assert (letter.attempts, letter.size_bytes) == (1, 0)


@pytest.mark.parametrize(
    ("meant", "matches"),
    [
        (DeadLetterFilter(), True),
        (DeadLetterFilter(reasons=frozenset({Reason.SCHEMA, Reason.NOT_JSON})), True),
        (DeadLetterFilter(reasons=frozenset({Reason.NOT_JSON})), False),
        (DeadLetterFilter(since=FAILED_AT), True),
        (DeadLetterFilter(since=FAILED_AT + timedelta(seconds=1)), False),
        (DeadLetterFilter(until=FAILED_AT), False),
        (DeadLetterFilter(until=FAILED_AT + timedelta(seconds=1)), True),
        (DeadLetterFilter(partitions=frozenset({1, 2})), True),
        (DeadLetterFilter(partitions=frozenset({1})), False),
        (DeadLetterFilter(offsets=range(41, 42)), True),
        (DeadLetterFilter(offsets=range(41)), False),
        (DeadLetterFilter(partitions=frozenset({2}), offsets=range(42, 50)), False),
    ],
)
def test_a_filter_takes_what_is_meant(meant: DeadLetterFilter, matches: bool) -> None:  # noqa: FBT001
    assert meant.matches(letter_for()) is matches


def test_a_filter_for_a_time_or_a_place_leaves_out_what_names_none() -> None:
    nameless = read_dead_letter(StoredMessage(0, 0, None, None, (), -1))
    assert DeadLetterFilter().matches(nameless)
    assert not DeadLetterFilter(since=FAILED_AT).matches(nameless)
    assert not DeadLetterFilter(offsets=range(1)).matches(nameless)


def test_a_replayed_record_is_the_original_and_says_where_it_comes_from() -> None:
    message = replayed_message(letter_for(), AT)
    assert (message.key, message.value, message.timestamp_ms) == (b"key", b"\x00\xff", 1_234_567_890_123)
    assert message.headers == [
        ("x", b"1"),
        ("x", None),
        ("__dlq.replayed.topic", TOPIC.encode()),
        ("__dlq.replayed.partition", b"2"),
        ("__dlq.replayed.offset", b"41"),
        ("__dlq.replayed.of", f"{TOPIC}@2:41".encode()),
        ("__dlq.replayed.attempts", b"1"),
        ("__dlq.replayed.at", b"2024-06-01T00:00:00+00:00"),
    ]


def test_a_tombstone_without_key_or_time_is_replayed_as_one() -> None:
    message = replayed_message(letter_for(MemoryRecord(None, stamp_ms=-1)), AT)
    assert (message.key, message.value, message.timestamp_ms) == (None, None, 0)


def test_what_fails_again_is_a_dead_letter_that_counts_on_and_still_knows_where_it_began() -> None:
    second = letter_for(replayed(letter_for()))
    assert (second.attempts, second.source) == (2, Source(TOPIC, 2, 99))
    third = letter_for(replayed(second, 150))
    assert (third.attempts, third.source) == (3, Source(TOPIC, 2, 150))
    names = [name for name, _ in third.stored.headers]
    assert sum(name == "__dlq.errors.reason" for name in names) == 1
    said = dict(third.stored.headers)
    assert (said["__dlq.replayed.offset"], said["__dlq.replayed.of"]) == (b"41", f"{TOPIC}@2:99".encode())
    assert [pair for pair in third.stored.headers if pair[0] == "x"] == [("x", b"1"), ("x", None)]


@pytest.mark.parametrize("attempts", [b"many", b"", None, b"-3", b"9" * 4000])
def test_a_count_of_attempts_that_is_none_starts_again(attempts: bytes | None) -> None:
    record = replace(RECORD, pairs=[("__dlq.replayed.attempts", attempts), ("__dlq.errors.reason", b"forged")])
    message = dead_letter_message(DeadLetter(record, Reason.SCHEMA, "", "decode"), "d1", FAILED_AT)
    said = read_dead_letter_headers(headers_or_none(read_back(message, "letters")))
    assert (said["attempts"], said["reason"]) == ("1", "schema")
    assert sum(name == "__dlq.errors.reason" for name, _ in message.headers) == 1


def plan_of(target: ReplayTarget, *there: MemoryRecord, rules: ReplayRules | None = None) -> ReplayPlan:
    records = ReplayedRecords()
    records.add_from(there)
    return ReplayPlan(target, records, rules or ReplayRules(DeadLetterFilter()))


WHOLE = ReplayTarget(TOPIC, {0: (0, 50), 1: (0, 50), 2: (0, 100)}, TOPIC)


def test_a_dead_letter_is_put_back_once() -> None:
    plan = plan_of(WHOLE)
    assert plan.accept(letter_for())
    assert not plan.accept(letter_for())
    assert plan.counts == {Fate.REPLAYED: 1, Fate.ALREADY: 1}


def test_one_that_stands_in_the_topic_is_not_put_back_again_and_its_second_failure_is() -> None:
    first = letter_for()
    plan = plan_of(WHOLE, replayed(first))
    assert not plan.accept(first)
    assert plan.accept(letter_for(replayed(first)))
    assert plan.counts == {Fate.REPLAYED: 1, Fate.ALREADY: 1}


def test_headers_of_others_are_no_replays() -> None:
    nonsense = [b"", b"reviews", b"@1:2", b"reviews@1", b"reviews@x:1", b"\xff@1:2"]
    for content in nonsense[:-1]:
        assert replayed_source((("__dlq.replayed.of", content),)) is None
    assert replayed_source((("__dlq.replayed.of", nonsense[-1]),)) != Source(TOPIC, 1, 2)
    assert replayed_source(()) is None


def test_where_retention_may_have_removed_the_replay_a_dead_letter_is_held_back_unless_asked_for() -> None:
    for low, fate in ((42, Fate.REPLAYED), (43, Fate.UNVERIFIABLE)):
        plan = plan_of(ReplayTarget(TOPIC, {2: (low, 100)}, TOPIC))
        plan.accept(letter_for())
        assert plan.counts == {fate: 1}
    rules = ReplayRules(DeadLetterFilter(), unverifiable_too=True)
    plan = plan_of(ReplayTarget(TOPIC, {2: (43, 100)}, TOPIC), rules=rules)
    assert plan.accept(letter_for())
    elsewhere = plan_of(ReplayTarget("fixed", {0: (0, 5), 1: (1, 5)}, TOPIC))
    assert not elsewhere.accept(letter_for())


def test_what_is_not_meant_not_of_this_topic_or_of_no_source_is_left_alone() -> None:
    plan = plan_of(WHOLE, rules=ReplayRules(DeadLetterFilter(reasons=frozenset({Reason.SCHEMA}))))
    nameless = read_dead_letter(StoredMessage(0, 0, None, None, (("__dlq.errors.reason", b"schema"),), -1))
    letters = [letter_for(reason=Reason.NOT_JSON), letter_for(replace(RECORD, in_topic="other")), nameless]
    assert [plan.accept(letter) for letter in letters] == [False, False, False]
    assert plan.counts == {Fate.FILTERED: 1, Fate.OTHER_TOPIC: 1, Fate.NO_SOURCE: 1}


def test_a_limit_counts_what_is_put_back() -> None:
    plan = plan_of(WHOLE, replayed(letter_for()), rules=ReplayRules(DeadLetterFilter(), limit=2))
    for offset in (41, 42, 43):
        assert not plan.full()
        plan.accept(letter_for(replace(RECORD, at_offset=offset)))
    assert plan.full()


def test_only_what_comes_after_the_failed_records_is_read_before() -> None:
    sources = [Source(TOPIC, 2, 41), Source(TOPIC, 2, 7), Source(TOPIC, 1, 49), Source(TOPIC, 9, 1)]
    assert WHOLE.ranges_to_read(sources) == {2: (8, 100)}
    shortened = replace(WHOLE, bounds={2: (20, 100)})
    assert shortened.ranges_to_read(sources) == {2: (20, 100)}
    assert WHOLE.ranges_to_read([]) == {}
    elsewhere = ReplayTarget("fixed", {0: (3, 5)}, TOPIC)
    assert elsewhere.ranges_to_read(sources) == {0: (3, 5)}


class ReplayProducerTwin:
    """A ReplayProducer whose broker's answers the test decides; refuses the first `full_times` messages."""

    def __init__(self, clock: FakeClock, error: KafkaError | None = None, full_times: int = 0) -> None:
        self._clock = clock
        self._error = error
        self._full_times = full_times
        self.sent: list[dict[str, Any]] = []
        self.refusal: KafkaError | None = None
        self.answers = True

    def produce(self, topic: str, **message: Any) -> None:
        if self.refusal is not None:
            raise KafkaException(self.refusal)
        if self._full_times:
            self._full_times -= 1
            raise BufferError
        self.sent.append({"topic": topic, **message})

    def poll(self, timeout: float) -> int:
        self._clock.advance(timeout)
        return 0

    def flush(self, timeout: float) -> int:
        if not self.answers:
            self._clock.advance(timeout)
            return len(self.sent)
        for message in self.sent:
            message["on_delivery"](self._error, None)
        return 0


def test_a_record_goes_back_into_its_own_partition_and_elsewhere_by_its_key() -> None:
    for target, partition in ((WHOLE, 2), (ReplayTarget("fixed", {0: (0, 0)}, TOPIC), ANY_PARTITION)):
        producer = ReplayProducerTwin(FakeClock())
        ReplaySender(producer, target, FakeClock()).send(letter_for(), AT)
        (message,) = producer.sent
        assert (message["topic"], message["partition"], message["key"]) == (target.topic, partition, b"key")
        assert (message["value"], message["timestamp"]) == (b"\x00\xff", 1_234_567_890_123)


def test_acknowledged_and_failed_records_are_counted_and_the_first_failures_named() -> None:
    clock = FakeClock()
    for error, counts in ((None, (2, 0)), (KafkaError(KafkaError.MSG_SIZE_TOO_LARGE), (0, 2))):
        sender = ReplaySender(ReplayProducerTwin(clock, error), WHOLE, clock)
        for offset in (5, 6):
            sender.send(letter_for(offset=offset), AT)
        sender.finish()
        assert (sender.acknowledged, sender.failed) == counts
        assert [failure.offset for failure in sender.failures] == ([5, 6] if error else [])


def test_a_record_that_the_client_refuses_has_failed_and_the_next_one_goes() -> None:
    clock = FakeClock()
    producer = ReplayProducerTwin(clock)
    sender = ReplaySender(producer, WHOLE, clock)
    producer.refusal = KafkaError(KafkaError._UNKNOWN_PARTITION)
    sender.send(letter_for(), AT)
    producer.refusal = None
    sender.send(letter_for(offset=1), AT)
    sender.finish()
    assert (sender.acknowledged, sender.failed) == (1, 1)
    assert sender.failures[0].error == "_UNKNOWN_PARTITION"


def test_a_full_queue_is_waited_for_and_not_for_ever() -> None:
    clock = FakeClock()
    producer = ReplayProducerTwin(clock, full_times=3)
    sender = ReplaySender(producer, WHOLE, clock)
    sender.send(letter_for(), AT)
    assert len(producer.sent) == 1
    with pytest.raises(RetriableError, match="queue stays full"):
        ReplaySender(ReplayProducerTwin(clock, full_times=100_000), WHOLE, clock).send(letter_for(), AT)


def test_what_is_never_answered_has_failed() -> None:
    clock = FakeClock()
    producer = ReplayProducerTwin(clock)
    producer.answers = False
    sender = ReplaySender(producer, WHOLE, clock)
    sender.send(letter_for(), AT)
    sender.finish()
    assert (sender.acknowledged, sender.failed) == (0, 1)
