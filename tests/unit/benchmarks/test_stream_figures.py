import numpy as np
import pytest

from benchmarks.process_watch import Usage
from benchmarks.stream_growth import steady_rate
from benchmarks.stream_latency import ECHO, OURS, Cell, first_arrivals, summary, transaction_ms, waiting
from benchmarks.stream_throughput import span_without_head
from shared.errors import FatalError


def test_head_of_a_topic_is_not_timed() -> None:
    # The first ten of 200 are stored together, the others one a millisecond.
    times_s = np.concatenate([np.full(10, 5.0), 6.0 + np.arange(190) / 1000])

    span = span_without_head(times_s)

    assert (span.records, span.started_at_s) == (189, 6.0)
    assert span.records / (span.ended_at_s - span.started_at_s) == pytest.approx(1000)


def test_labels_stored_with_the_last_of_the_head_are_not_counted() -> None:
    assert span_without_head(np.array([1.0] * 50 + [2.0] * 50)).records == 50


def test_steady_rate_leaves_start_and_end_out() -> None:
    slow_start, steady, slow_end = np.linspace(0, 100, 300), np.linspace(100, 101, 500), np.linspace(101, 200, 200)

    assert steady_rate(np.concatenate([slow_start, steady, slow_end])) == pytest.approx(500, rel=0.05)


def test_a_repeated_label_counts_when_it_first_came() -> None:
    seen = np.array([[1, 20.0], [0, 10.0], [1, 15.0]])

    assert first_arrivals(seen, 2).tolist() == [10.0, 15.0]


def test_a_label_that_never_came_is_an_error() -> None:
    with pytest.raises(FatalError, match="1 of 2 labels never came"):
        first_arrivals(np.array([[0, 10.0]]), 2)


def test_waiting_counts_what_is_due_and_not_answered() -> None:
    read_at_s = np.array([10.5, 12.5, 20.0, 20.0])

    assert [waiting(read_at_s, 10.0, 1.0, moment_s) for moment_s in (10.1, 11.1, 12.1, 13.1, 20.0)] == [1, 1, 2, 2, 0]


def test_each_round_is_compared_with_the_echo_of_that_round() -> None:
    echo, ours = (
        Cell([np.full(10, first), np.full(10, second)], generator_late_s_p99=[0.0, 0.0])
        for first, second in ((0.001, 0.004), (0.002, 0.004))
    )

    found = summary({ECHO: echo, OURS: ours})

    assert found["ratio"]["p50"] == {"median": 1.5, "low": 1.0, "high": 2.0}
    assert found[OURS]["ms"]["p99"]["high"] == 4.0


def test_commits_outside_of_the_turns_do_not_count() -> None:
    cell = Cell(turns_s=[(10.0, 20.0), (30.0, 40.0)])

    assert transaction_ms([(5.0, 9.9), (15.0, 0.010), (25.0, 9.9), (35.0, 0.020)], cell) == 15.0


def test_processor_time_is_read_between_two_moments() -> None:
    usage = Usage([100.0, 101.0, 102.0], [1.0, 2.0, 2.5], [10, 30_000_000, 20])

    assert usage.cpu_between_s(100.5, 102.0) == pytest.approx(1.0)
    assert usage.rss_mb_max() == 30.0
