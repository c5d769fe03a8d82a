"""How lag is computed when somebody asks for it."""

from consumer.scoring.record import Partition
from consumer.telemetry.lag import LagCollector
from tests.support.fake_clock import START_S, FakeClock
from tests.support.memory_records import TOPIC, MemoryRecord

P0, P1 = (TOPIC, 0), (TOPIC, 1)


class FakeLagReader:
    """A LagReader whose figures a test sets."""

    def __init__(self, **waiting: int | None) -> None:
        self.waiting: dict[Partition, int | None] = {(TOPIC, int(name[1:])): count for name, count in waiting.items()}

    def assigned(self) -> list[Partition]:
        return list(self.waiting)

    def lag_records(self, place: Partition) -> int | None:
        return self.waiting[place]


class Bench:
    def __init__(self, **waiting: int | None) -> None:
        self.clock = FakeClock()
        self.reader = FakeLagReader(**waiting)
        self.collector = LagCollector(self.clock)
        self.collector.read_from(self.reader)

    def deliver(self, partition: int, age_s: float) -> None:
        stamp_ms = int((self.clock.now() - age_s) * 1000)
        self.collector.delivered({(TOPIC, partition): MemoryRecord(stamp_ms=stamp_ms)})


def test_lag_is_zero_when_caught_up_however_old_the_last_record_is() -> None:
    bench = Bench(p0=0)
    bench.deliver(0, age_s=500)
    bench.clock.advance(100)
    assert bench.collector.read() == [(P0, 0, 0.0)]


def test_seconds_are_counted_from_the_last_delivered_records_time_stamp() -> None:
    bench = Bench(p0=7)
    bench.deliver(0, age_s=30)
    assert bench.collector.read() == [(P0, 7, 30.0)]


def test_seconds_are_counted_from_the_last_time_nothing_waited_where_that_is_later() -> None:
    bench = Bench(p0=0)
    bench.deliver(0, age_s=500)
    bench.collector.read()
    bench.clock.advance(4)
    bench.reader.waiting[P0] = 2
    assert bench.collector.read() == [(P0, 2, 4.0)]


def test_a_loop_that_hangs_falls_behind_with_every_look() -> None:
    bench = Bench(p0=1)
    bench.deliver(0, age_s=0)
    bench.clock.advance(10)
    first = bench.collector.read()
    bench.clock.advance(10)
    assert (first, bench.collector.read()) == ([(P0, 1, 10.0)], [(P0, 1, 20.0)])


def test_a_loop_that_hangs_before_its_first_delivery_falls_behind_too() -> None:
    bench = Bench(p0=1)
    bench.collector.read()
    bench.clock.advance(25)
    assert bench.collector.read() == [(P0, 1, 25.0)]


def test_the_first_delivery_tells_the_true_age_of_a_backlog() -> None:
    bench = Bench(p0=1000)
    bench.collector.read()
    bench.clock.advance(5)
    bench.deliver(0, age_s=3600)
    assert bench.collector.read() == [(P0, 1000, 3600.0)]


def test_an_older_record_does_not_move_the_moment_back() -> None:
    bench = Bench(p0=1)
    bench.deliver(0, age_s=10)
    bench.deliver(0, age_s=90)
    assert bench.collector.read() == [(P0, 1, 10.0)]


def test_a_record_from_the_future_never_makes_the_lag_negative() -> None:
    bench = Bench(p0=1)
    bench.deliver(0, age_s=-60)
    assert bench.collector.read() == [(P0, 1, 0.0)]


def test_a_record_from_the_future_hides_no_delay_that_comes_after_it() -> None:
    bench = Bench(p0=1)
    bench.deliver(0, age_s=-3600)
    bench.clock.advance(45)
    assert bench.collector.read() == [(P0, 1, 45.0)]


def test_a_clock_that_was_set_back_makes_no_lag_negative_and_hides_no_delay_after_it() -> None:
    bench = Bench(p0=1, p1=1)
    bench.deliver(0, age_s=5)
    bench.collector.read()
    bench.clock.advance(-3600)
    assert bench.collector.read() == [(P0, 1, 0.0), (P1, 1, 0.0)]
    bench.clock.advance(30)
    assert bench.collector.read() == [(P0, 1, 30.0), (P1, 1, 30.0)]


def test_a_delivery_after_the_clock_was_set_back_counts_from_its_own_time_stamp_at_the_latest() -> None:
    bench = Bench(p0=1)
    bench.deliver(0, age_s=0)
    bench.clock.advance(-3600)
    bench.deliver(0, age_s=2)
    bench.clock.advance(10)
    assert bench.collector.read() == [(P0, 1, 10.0)]


def test_a_backlogs_true_age_is_told_also_where_the_clock_was_set_back_before() -> None:
    bench = Bench(p0=1000)
    bench.collector.read()
    bench.clock.advance(-60)
    bench.collector.read()
    bench.deliver(0, age_s=3600)
    assert bench.collector.read() == [(P0, 1000, 3600.0)]


def test_a_record_without_a_time_stamp_tells_nothing() -> None:
    bench = Bench(p0=1)
    bench.collector.read()
    bench.clock.advance(5)
    bench.collector.delivered({P0: MemoryRecord(stamp_ms=-1)})
    assert bench.collector.read() == [(P0, 1, 5.0)]


def test_each_partition_has_its_own_lag_and_an_unknown_one_is_left_out() -> None:
    bench = Bench(p0=3, p1=None, p2=0)
    bench.deliver(0, age_s=2)
    bench.deliver(1, age_s=50)
    assert bench.collector.read() == [(P0, 3, 2.0), ((TOPIC, 2), 0, 0.0)]


def test_without_a_reader_there_is_nothing_to_tell() -> None:
    bench = Bench(p0=3)
    bench.collector.read_from(None)
    assert bench.collector.read() == []
    assert [family.samples for family in bench.collector.collect()] == [[], []]


def test_both_gauges_carry_topic_and_partition() -> None:
    bench = Bench(p1=3)
    bench.deliver(1, age_s=2)
    samples = [sample for family in bench.collector.collect() for sample in family.samples]
    labels = {"topic": TOPIC, "partition": "1"}
    assert [(sample.name, sample.labels, sample.value) for sample in samples] == [
        ("reviews_lag_records", labels, 3),
        ("reviews_lag_seconds", labels, 2.0),
    ]
    assert bench.clock.now() == START_S
