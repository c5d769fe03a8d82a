"""What `top` makes of pages: the figures of a view, and the lines that fit a window."""

import io
import json
import math

import msgspec
import pytest
from rich.console import Console

from consumer.commands.top import top
from consumer.reports.terminal_figures import bar, course, rate, share, size
from consumer.reports.top_screen import screen_lines
from consumer.watching.addresses import parse_address
from consumer.watching.change import change_between
from consumer.watching.figures import view_of
from consumer.watching.sample import read_sample
from consumer.watching.trend import LOOKS_MAX, Trend
from consumer.watching.view import Quantiles, View
from consumer.watching.watch import Reading
from tests.support.consumer_pages import START_S, consumer_page, histogram, page

NOW_S = START_S + 60
ONE, TWO, AWAY = (parse_address(f"127.0.0.1:{port}") for port in (1001, 1002, 1003))
UNKNOWN = Quantiles(None, None, None)


def reading(earlier: dict[str, float] | None, later: dict[str, float], address: object = ONE) -> Reading:
    before = None if earlier is None else read_sample(page(earlier), 10.0)
    return Reading(parse_address(str(address)), change_between(before, read_sample(page(later), 12.0)), "")


def seen(*readings: Reading) -> View:
    return view_of(readings, NOW_S)


def shown(view: View, width: int, height: int, trend: Trend | None = None) -> list[str]:
    console = Console(record=True, width=width, file=io.StringIO())
    for line in screen_lines(view, trend or Trend(), width, height):
        console.print(line)
    return console.export_text().splitlines()


BUSY = seen(
    reading(consumer_page(100), consumer_page(500, lag=[(5, 1.5), (90, 4), (0, 0)])),
    reading(consumer_page(1000), consumer_page(1200, lag=[(7, 0.5)], topic="others"), TWO),
    Reading(AWAY, None, "connection refused"),
)


def test_rates_are_of_the_time_between_two_looks_and_add_up_over_processes() -> None:
    assert BUSY.interval_seconds == 2
    assert (BUSY.flow.consumed_per_second, BUSY.flow.labelled_per_second) == (300, 300)
    assert BUSY.flow.dead_lettered_per_second == pytest.approx(3)
    assert BUSY.flow.dead_letters == {"schema": pytest.approx(6), "too_large": 0}
    assert [process.consumed_per_second for process in BUSY.processes] == [200, 100, None]
    assert (BUSY.answering, BUSY.processes[2].reason) == (2, "connection refused")


def test_lag_has_the_worst_partition_first() -> None:
    assert (BUSY.lag.records, BUSY.lag.seconds) == (102, 4)
    places = [(one.topic, one.partition, one.records, one.address) for one in BUSY.lag.partitions]
    assert places[:2] == [("reviews", 1, 90, str(ONE)), ("reviews", 0, 5, str(ONE))]
    assert places[2] == ("others", 0, 7, str(TWO))


def test_a_partition_that_two_tell_of_while_it_moves_counts_once() -> None:
    view = seen(
        reading(None, consumer_page(1, lag=[(5, 1.5)])),
        reading(None, consumer_page(1, lag=[(9, 0.5)]), TWO),
    )
    assert [(one.records, one.address) for one in view.lag.partitions] == [(9, str(TWO))]


def test_shares_and_quantiles_are_of_what_came_in_between() -> None:
    assert BUSY.loop == {"poll": pytest.approx(0.75), "score": pytest.approx(0.25)}
    assert BUSY.latency.p50 == pytest.approx(3)
    assert BUSY.stages["score"].p95 == pytest.approx(0.095)
    assert (BUSY.batches.count, BUSY.batches.mean_records) == (150, 4)
    assert BUSY.batches.closed_by == {"drained": 0.75, "time": 0.25}
    assert [(one.records, one.batches) for one in BUSY.batches.sizes] == [(2, 0), (4, 150), (None, 0)]
    quality = BUSY.quality
    assert quality.labels == {"positive": 0.5, "neutral": 0, "negative": 0.5}
    assert quality.reference == {"positive": 0.6, "negative": 0.4}
    assert quality.expected_accuracy == pytest.approx(0.95)
    assert quality.unknown_terms_share == pytest.approx(0.25)
    assert quality.rating_agreement_share == pytest.approx(0.9)


def test_memory_is_held_against_a_limit_only_where_every_process_has_one() -> None:
    assert (BUSY.memory_bytes, BUSY.memory_limit_bytes) == (6e8, 8e9)
    unlimited = consumer_page(1) | {"reviews_memory_limit_bytes": math.inf}
    assert seen(reading(None, unlimited)).memory_limit_bytes is None


def test_a_restart_counts_what_the_new_process_did() -> None:
    view = seen(reading(consumer_page(1000), consumer_page(50, started_s=START_S + 50)))
    assert view.flow.consumed_per_second == 25
    assert view.processes[0].restarted
    assert any("restarted" in line for line in shown(BUSY, 100, 40)) is False
    both = seen(reading(consumer_page(1000), consumer_page(50)), Reading(AWAY, None, "connection refused"))
    assert any("restarted" in line for line in shown(both, 120, 40))


def test_a_parent_says_how_many_of_its_workers_are_up() -> None:
    parent = {'reviews_worker_up{worker="0"}': 1.0, 'reviews_worker_up{worker="1"}': 0.0}
    view = seen(reading(None, parent), Reading(AWAY, None, "connection refused"))
    assert (view.processes[0].workers_up, view.processes[0].workers) == (1, 2)
    assert any("workers 1 of 2 up" in line for line in shown(view, 80, 24))


def test_the_first_look_knows_shares_but_no_rates() -> None:
    view = seen(reading(None, consumer_page(100)))
    assert (view.interval_seconds, view.flow.consumed_per_second) == (None, None)
    assert view.latency.p50 == pytest.approx(3)


def test_nothing_between_two_looks_is_unknown_not_zero_seconds() -> None:
    view = seen(reading(consumer_page(100), consumer_page(100)))
    assert view.flow.consumed_per_second == 0
    assert (view.latency, view.loop, view.quality.expected_accuracy) == (UNKNOWN, {}, None)


def test_what_a_page_does_not_have_is_unknown_and_shown_as_a_dash() -> None:
    bare = {"reviews_consumed_total": 4.0}
    view = seen(reading(bare, bare))
    assert (view.lag.records, view.inflight_bytes, view.quality.labels) == (None, None, {})
    lines = shown(view, 80, 24)
    assert "lag       \N{EN DASH} records" in lines[3]
    assert json.loads(msgspec.json.encode(view))["memory_bytes"] is None


def test_the_document_has_every_field_that_the_help_names() -> None:
    written = json.loads(msgspec.json.encode(BUSY))
    assert top.help is not None
    assert [name for name in written if name not in top.help] == []
    assert written["lag"]["partitions"][0]["seconds"] == 4


@pytest.mark.parametrize(("width", "height"), [(80, 24), (40, 12), (100, 30), (160, 50), (20, 5), (3, 1)])
def test_the_screen_fits_the_window(width: int, height: int) -> None:
    lines = shown(BUSY, width, height)
    assert len(lines) <= height
    assert max(map(len, lines)) <= width


@pytest.mark.parametrize(("width", "height"), [(80, 24), (160, 50)])
def test_the_screen_shows_flow_latency_stages_labels_batches_and_the_worst_lag(width: int, height: int) -> None:
    text = "\n".join(shown(BUSY, width, height))
    for said in (
        "reviewstream 0.1.0",
        "2 of 3 up",
        "300/s",
        "p99 3.98 s",
        "102 records  4 s",
        "600 MB of 8 GB",
        "score",
        "positive",
        "50% (60%)",
        "expected accuracy  95%",
        "unknown terms      25%",
        "closed by drained 75%  time 25%",
        "127.0.0.1:1003  down: connection refused",
        "reviews/1",
    ):
        assert said in text


def test_many_partitions_are_cut_to_the_window_and_the_rest_is_counted() -> None:
    view = seen(reading(None, consumer_page(1, lag=[(number, number) for number in range(100)])))
    lines = shown(view, 80, 24)
    assert lines[-1].startswith("and ")
    assert any(line.startswith("reviews/99") for line in lines)


def test_what_a_page_says_is_never_obeyed_by_the_terminal() -> None:
    counted = {"labelled": "label", "dead_lettered": "reason", "batches": "closed_by", "loop_seconds": "state"}
    hostile = {f'reviews_{name}_total{{{label}="\x1b[2J"}}': 1.0 for name, label in counted.items()} | {
        'reviews_build_info{version="\x1b[2J",model="\x1b[2J",digest="d"}': 1.0,
        'reviews_transactions_total{outcome="\x1b[2J"}': 1.0,
        'reviews_lag_records{topic="\x1b[2J",partition="0"}': 1.0,
        **histogram("reviews_stage_seconds", {"1.0": 1, "+Inf": 1}, 1.0, 'stage="\x1b[2J"'),
    }
    later = {name: 2.0 * count for name, count in hostile.items()}
    view = seen(reading(hostile, later), Reading(AWAY, None, "\x1b[2J"))
    for line in screen_lines(view, Trend(), 200):
        assert "\x1b" not in line.plain


def test_a_course_is_as_high_as_its_largest_and_bounded_in_length() -> None:
    assert course([0, 1, None, 8, 4], 5) == "▁▂ █▅"
    assert course([0, 0], 4) == "  ▁▁"
    trend = Trend()
    for _ in range(LOOKS_MAX + 5):
        trend.add(BUSY)
    assert len(trend.consumed_per_second) == LOOKS_MAX
    trend.add(seen(reading(None, consumer_page(9))))
    assert trend.consumed_per_second[-1] == 300
    assert "█" in shown(BUSY, 100, 30, trend)[1]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (bar(0.5, 4), "██  "),
        (bar(0.3, 4), "█▎  "),
        (bar(2, 2), "██"),
        (rate(3.14), "3.1/s"),
        (rate(12_345), "12,345/s"),
        (share(0.001), "0.1%"),
        (share(0.5), "50%"),
        (size(512), "512 B"),
        (size(1.5e9), "1.5 GB"),
    ],
)
def test_figures_are_written_for_people(written: str, expected: str) -> None:
    assert written == expected
