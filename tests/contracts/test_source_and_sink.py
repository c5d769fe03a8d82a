"""What the loop relies on: a Source and its Sink, in memory and on Kafka."""

import time
from collections import Counter
from collections.abc import Iterator

import pytest

from consumer.kafka.delivery import Delivery
from consumer.kafka.group import ReadTo
from consumer.kafka.source import CHUNK_RECORDS
from consumer.scoring.batching import BatchLimits
from consumer.scoring.record import Batch, Record
from tests.support.fake_scorer import outcome_of
from tests.support.memory_records import review_value
from tests.support.stream_under_test import Coordinates, Deadline, KafkaStream, Member, MemoryStream, StreamUnderTest

DRAIN_S = 60.0
WAIT_S = 0.05
# What a busy machine may add to a wait.
SLACK_S = 10.0
REAL = ["kafka", "kafka-classic", "kafka-transactions"]


@pytest.fixture(params=["memory", *(pytest.param(name, marks=pytest.mark.kafka) for name in REAL)])
def stream(request: pytest.FixtureRequest) -> Iterator[StreamUnderTest]:
    if request.param == "memory":
        yield MemoryStream()
        return
    protocol = "classic" if request.param == "kafka-classic" else "consumer"
    delivery = Delivery.EXACTLY_ONCE if request.param == "kafka-transactions" else Delivery.AT_LEAST_ONCE
    real = KafkaStream(request.getfixturevalue("kafka"), request.getfixturevalue("topics"), protocol, delivery)
    yield real
    real.leave_all()


def values(count: int) -> list[bytes]:
    return [review_value(f"r{number}", f"note {number}") for number in range(count)]


def places(records: list[Record]) -> list[Coordinates]:
    return [(record.partition(), record.offset()) for record in records]


def read(member: Member, count: int, limits: BatchLimits | None = None) -> list[Record]:
    """Poll until `count` records have come."""
    deadline = Deadline()
    found: list[Record] = []
    while len(found) < count:
        found += member.source.poll(limits or BatchLimits(), WAIT_S)
        deadline.check(f"{count} records arrive, {len(found)} did")
    return found


def deliver(member: Member, records: list[Record]) -> None:
    """Hand over what becomes of some records."""
    member.sink.deliver(outcome_of(Batch(records, membership=member.membership())))


def settle(member: Member) -> list[Record]:
    """Poll until nothing has come a few times running; return what came."""
    found: list[Record] = []
    silent = 0
    while silent < 4:
        batch = member.source.poll(BatchLimits(), 0.25)
        found += batch
        silent = 0 if batch else silent + 1
    return found


def read_to_end(member: Member) -> list[Record]:
    """Poll until the source is exhausted."""
    deadline = Deadline()
    found: list[Record] = []
    while not member.source.exhausted():
        found += member.source.poll(BatchLimits(), WAIT_S)
        deadline.check("the source is exhausted")
    return found


def test_no_batch_has_more_records_than_the_limit_and_all_of_them_come(stream: StreamUnderTest) -> None:
    stream.append(0, *values(40))
    member = stream.join()
    deadline = Deadline()
    sizes: list[int] = []
    while sum(sizes) < 40:
        sizes.append(len(member.source.poll(BatchLimits(records=7), WAIT_S)))
        deadline.check("all records arrive")
    assert max(sizes) == 7
    assert sum(sizes) == 40


def test_a_batch_overshoots_its_bytes_by_no_more_than_a_chunk(stream: StreamUnderTest) -> None:
    large = review_value("large", "x" * 1000)
    stream.append(1, *[large] * 1500)
    member = stream.join()
    limits = BatchLimits(size_bytes=20 * len(large))
    deadline = Deadline()
    sizes: list[int] = []
    while sum(sizes) < 1500:
        sizes.append(len(member.source.poll(limits, WAIT_S)))
        deadline.check("all records arrive")
    assert max(sizes) <= 20 + CHUNK_RECORDS


def test_poll_returns_at_once_when_a_record_is_there(stream: StreamUnderTest) -> None:
    stream.append(0, *values(1))
    member = stream.join()
    read(member, 1)
    stream.append(2, *values(1))
    started = time.monotonic()
    assert places(list(member.source.poll(BatchLimits(), 120.0))) == [(2, 0)]
    assert time.monotonic() - started < SLACK_S


def test_poll_waits_for_nothing_no_longer_than_it_was_told(stream: StreamUnderTest) -> None:
    stream.append(0, *values(1))
    member = stream.join()
    read(member, 1)
    settle(member)
    started = time.monotonic()
    assert list(member.source.poll(BatchLimits(), 0.3)) == []
    assert 0.25 <= time.monotonic() - started < 0.3 + SLACK_S


def test_records_of_a_partition_come_once_and_in_order(stream: StreamUnderTest) -> None:
    for partition in range(3):
        stream.append(partition, *values(120))
    member = stream.join()
    found = places(read(member, 360, BatchLimits(records=50)))
    for partition in range(3):
        assert [offset for number, offset in found if number == partition] == list(range(120))


def test_rewind_brings_back_exactly_what_was_not_delivered(stream: StreamUnderTest) -> None:
    for partition in range(3):
        stream.append(partition, *values(5))
    member = stream.join()
    read(member, 15)
    member.source.rewind()
    delivered = read(member, 15)[:4]
    deliver(member, delivered)
    member.sink.drain(DRAIN_S)
    member.source.rewind()
    again = read(member, 11) + settle(member)
    assert Counter(places(delivered + again)) == Counter((number, offset) for number in range(3) for offset in range(5))


def test_after_a_drain_all_is_stored_once_and_committed_past_the_last_record(stream: StreamUnderTest) -> None:
    stream.append(0, *values(30))
    stream.append(2, b"no review", *values(10))
    member = stream.join()
    records = read(member, 41)
    deliver(member, records[:20])
    deliver(member, records[20:])
    member.sink.drain(DRAIN_S)
    assert member.sink.advance(0) == 0
    assert stream.committed() == {0: 30, 2: 11}
    good = [place for place in places(records) if place != (2, 0)]
    assert stream.labelled() == Counter(good)
    assert stream.dead_lettered() == Counter([(2, 0)])


def test_a_batch_of_bad_records_only_is_delivered_too(stream: StreamUnderTest) -> None:
    stream.append(1, b"not", b"one", b"of these is a review")
    member = stream.join()
    deliver(member, read(member, 3))
    member.sink.drain(DRAIN_S)
    assert stream.committed() == {1: 3}
    assert stream.labelled() == Counter()
    assert stream.dead_lettered() == Counter([(1, 0), (1, 1), (1, 2)])


def test_nothing_is_committed_before_it_is_delivered(stream: StreamUnderTest) -> None:
    stream.append(0, *values(6))
    member = stream.join()
    records = read(member, 6)
    deliver(member, records[:2])
    member.sink.drain(DRAIN_S)
    assert stream.committed() == {0: 2}


def test_what_was_abandoned_is_read_again_and_nothing_is_lost(stream: StreamUnderTest) -> None:
    stream.append(0, *values(20))
    stream.append(1, *values(20))
    member = stream.join()
    deliver(member, read(member, 40))
    member.sink.abandon()
    assert member.sink.advance(0) == 0
    member.source.rewind()
    deadline = Deadline()
    # A transaction that was committed all the same is done: then nothing comes again.
    while stream.committed() != {0: 20, 1: 20}:
        batch = member.source.poll(BatchLimits(), WAIT_S)
        if batch:
            deliver(member, list(batch))
            member.sink.drain(DRAIN_S)
        deadline.check("all is committed")
    everything = {(number, offset) for number in range(2) for offset in range(20)}
    assert set(stream.labelled()) == everything


def test_the_end_is_the_one_that_was_there_at_the_start(stream: StreamUnderTest) -> None:
    stream.append(0, *values(12))
    stream.append(2, *values(3))
    member = stream.join(ReadTo.END)
    assert not member.source.exhausted()
    read(member, 15)
    stream.append(0, *values(1))
    assert member.source.exhausted()


def test_after_a_rewind_the_end_is_reached_again(stream: StreamUnderTest) -> None:
    stream.append(0, *values(4))
    member = stream.join(ReadTo.END)
    read_to_end(member)
    member.source.rewind()
    assert not member.source.exhausted()
    deliver(member, read_to_end(member))
    member.sink.drain(DRAIN_S)
    assert stream.labelled() == Counter([(0, offset) for offset in range(4)])


def test_an_endless_source_is_never_exhausted(stream: StreamUnderTest) -> None:
    stream.append(0, *values(2))
    member = stream.join()
    read(member, 2)
    assert not member.source.exhausted()


def test_a_group_that_has_read_all_is_exhausted_from_the_start(stream: StreamUnderTest) -> None:
    stream.append(1, *values(5))
    first = stream.join()
    deliver(first, read(first, 5))
    first.sink.drain(DRAIN_S)
    stream.leave(first)
    assert read_to_end(stream.join(ReadTo.END)) == []


def test_the_next_member_starts_where_the_last_one_drained(stream: StreamUnderTest) -> None:
    stream.append(0, *values(10))
    first = stream.join()
    records = read(first, 10)
    deliver(first, records[:6])
    first.sink.drain(DRAIN_S)
    stream.leave(first)
    second = stream.join()
    assert places(read(second, 4)) == [(0, 6), (0, 7), (0, 8), (0, 9)]
