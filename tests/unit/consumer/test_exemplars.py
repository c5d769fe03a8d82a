"""Exemplars: which record a slow bucket leads to, and how a scraper gets to see it."""

from collections.abc import Iterable

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families as read_text
from prometheus_client.samples import Exemplar, Sample, Timestamp

from consumer.scoring.oldest import OldestRecord, oldest_record
from consumer.scoring.record import Batch, last_records
from consumer.telemetry.exemplars import exemplar_labels
from consumer.telemetry.metrics import ConsumerMetrics
from shared.probes import ProbeServer
from tests.support.fake_clock import START_S, FakeClock
from tests.support.fake_scorer import outcome_of
from tests.support.memory_records import MemoryRecord, review_value
from tests.support.metrics_page import read_page, read_samples

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
TRACE = f"00-{TRACE_ID}-b7ad6b7169203331-01".encode()
NOW_MS = int(START_S) * 1000


def record(offset: int, age_ms: int, trace: bytes | None = None, value: bytes | None = None) -> MemoryRecord:
    pairs = None if trace is None else [("traceparent", trace)]
    return MemoryRecord(value or review_value(f"r{offset}"), 2, offset, pairs=pairs, stamp_ms=NOW_MS - age_ms)


def test_a_valid_trace_context_gives_its_trace_id() -> None:
    assert exemplar_labels(OldestRecord(2, 5, NOW_MS, TRACE)) == {"trace_id": TRACE_ID}
    later_version = b"cc" + TRACE[2:] + b"-what-the-future-will-be-like"
    assert exemplar_labels(OldestRecord(2, 5, NOW_MS, later_version)) == {"trace_id": TRACE_ID}


@pytest.mark.parametrize(
    "trace",
    [
        None,
        b"",
        b"a text that somebody put there",
        TRACE[:-1],
        TRACE.upper(),
        TRACE + b"\n",
        b"ff" + TRACE[2:],
        b"00-" + b"0" * 32 + TRACE[35:],
        TRACE[:36] + b"0" * 16 + TRACE[52:],
        "00-\u0661af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".encode(),
    ],
)
def test_without_a_valid_trace_context_it_is_the_place(trace: bytes | None) -> None:
    assert exemplar_labels(OldestRecord(2, 5, NOW_MS, trace)) == {"partition": "2", "offset": "5"}


def test_labels_are_never_longer_than_openmetrics_allows() -> None:
    far = OldestRecord(2**31 - 1, 2**63 - 1, NOW_MS, b"x" * 1_000_000)
    for labels in (exemplar_labels(far), exemplar_labels(OldestRecord(0, 0, NOW_MS, TRACE + b"-" + b"x" * 1_000_000))):
        assert sum(len(name) + len(value) for name, value in labels.items()) <= 128


def test_the_oldest_record_is_the_one_with_the_earliest_time_stamp_and_keeps_its_trace() -> None:
    other = TRACE.replace(b"0af7", b"1af7")
    records = [record(4, 10, other), record(5, 900, TRACE), record(6, 20)]
    assert oldest_record(outcome_of(records)) == OldestRecord(2, 5, NOW_MS - 900, TRACE)


def test_dead_letters_before_it_do_not_move_another_records_trace_to_the_oldest() -> None:
    other = TRACE.replace(b"0af7", b"1af7")
    records = [record(3, 5, value=b"?"), record(4, 10, other), record(5, 7, value=b"?"), record(6, 900, TRACE)]
    assert oldest_record(outcome_of(records)) == OldestRecord(2, 6, NOW_MS - 900, TRACE)


def test_a_dead_letter_may_be_the_oldest_and_has_a_place_only() -> None:
    records = [record(4, 10, TRACE), record(5, 900, TRACE, value=b"?"), record(6, 20, TRACE)]
    assert oldest_record(outcome_of(records)) == OldestRecord(2, 5, NOW_MS - 900, None)


def test_records_without_a_time_stamp_are_never_the_oldest() -> None:
    unknown = MemoryRecord(review_value("r"), 2, 4, stamp_ms=-1)
    found = oldest_record(outcome_of([unknown, record(5, 10)]))
    assert found is not None
    assert found.offset == 5
    assert oldest_record(outcome_of([unknown])) is None
    assert oldest_record(outcome_of([])) is None


class Bench:
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.metrics = ConsumerMetrics(self.registry, FakeClock())

    def acknowledge(self, *records: MemoryRecord) -> None:
        oldest = oldest_record(outcome_of(records))
        self.metrics.acknowledged(Batch(records).timestamps_ms, last_records(records), 0.1, oldest)

    def exemplars(self) -> dict[str, Exemplar]:
        """Return what a scraper of OpenMetrics sees, by bucket."""
        with ProbeServer(self.registry, "127.0.0.1", 0, {}) as server:
            samples = [sample for sample in read_samples(server.port) if sample.exemplar]
        assert {sample.name for sample in samples} <= {"reviews_end_to_end_latency_seconds_bucket"}
        return {sample.labels["le"]: sample.exemplar for sample in samples if sample.exemplar}


def test_a_batch_leaves_one_exemplar_in_the_bucket_of_its_slowest_record() -> None:
    bench = Bench()
    bench.acknowledge(record(4, 20), record(5, 900, TRACE), record(6, 3))
    ((bound, found),) = bench.exemplars().items()
    assert (bound, found.labels) == ("1.0", {"trace_id": TRACE_ID})
    assert found.value == pytest.approx(0.9, abs=1e-6)
    assert found.timestamp == Timestamp(START_S, 0)


def test_the_newest_exemplar_of_a_bucket_stays() -> None:
    bench = Bench()
    bench.acknowledge(record(4, 900, TRACE))
    bench.acknowledge(record(5, 700))
    bench.acknowledge(record(6, 20))
    assert {bound: found.labels for bound, found in bench.exemplars().items()} == {
        "1.0": {"partition": "2", "offset": "5"},
        "0.025": {"partition": "2", "offset": "6"},
    }


def test_a_record_from_the_future_is_an_exemplar_of_no_time() -> None:
    bench = Bench()
    bench.acknowledge(record(4, -60_000))
    assert {bound: found.value for bound, found in bench.exemplars().items()} == {"0.001": 0}


def test_the_plain_format_has_the_same_samples_and_no_exemplars() -> None:
    bench = Bench()
    bench.acknowledge(record(4, 900, TRACE), record(5, 20))
    with ProbeServer(bench.registry, "127.0.0.1", 0, {}) as server:
        kind, page = read_page(server.port, "text/plain")
        expected = values(read_samples(server.port))
    assert kind.startswith("text/plain")
    assert TRACE_ID not in page
    assert values([sample for family in read_text(page) for sample in family.samples]) == expected


def values(samples: Iterable[Sample]) -> dict[tuple[str, str], float]:
    """Return our samples' values by name and labels, without the moments that counters were made."""
    return {
        (sample.name, str(sorted(sample.labels.items()))): sample.value
        for sample in samples
        if sample.name.startswith("reviews_") and not sample.name.endswith("_created")
    }
