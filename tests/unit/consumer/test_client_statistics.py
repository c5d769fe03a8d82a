"""What is read of librdkafka's statistics, and that what is counted never falls."""

import msgspec
import pytest
from prometheus_client import CollectorRegistry

from consumer.kafka.client_statistics import ClientStatistics, read_statistics, reporting
from consumer.telemetry.kafka_clients import KafkaClientCollector


def broker(**figures: int) -> dict[str, object]:
    """Return one broker as the client reports it, with fields that nobody asked for."""
    window = {"min": 1, "max": 999_999, "cnt": 4}
    return {
        "name": "b",
        "state": "UP",
        "rtt": {"avg": figures.get("rtt_us", 0), **window},
        "throttle": {"avg": figures.get("throttle_ms", 0), **window},
        "txerrs": figures.get("failed", 0),
        "req_timeouts": figures.get("unanswered", 0),
    }


def report(**brokers: dict[str, object]) -> ClientStatistics:
    return read_statistics(msgspec.json.encode({"type": "producer", "msg_cnt": 7, "brokers": brokers}).decode())


def test_the_slowest_and_the_most_throttling_broker_are_told_in_seconds() -> None:
    statistics = report(one=broker(rtt_us=1500, throttle_ms=20), two=broker(rtt_us=900, throttle_ms=250))
    assert (statistics.round_trip_s(), statistics.throttle_s()) == (0.0015, 0.25)


def test_a_producers_queue_is_what_is_not_acknowledged() -> None:
    assert report().queued_records() == 7


def test_a_consumers_queue_counts_once_though_each_partition_reports_all_of_it() -> None:
    partitions = {str(number): {"fetchq_cnt": 40, "query_offset": -1001} for number in range(3)}
    text = msgspec.json.encode({"msg_cnt": 0, "topics": {"reviews": {"partitions": partitions}}}).decode()
    assert read_statistics(text).queued_records() == 40


@pytest.mark.parametrize(("state", "joined"), [("up", True), ("wait-coord", False)])
def test_who_has_a_coordinator_is_a_member(state: str, *, joined: bool) -> None:
    assert read_statistics(f'{{"cgrp": {{"state": "{state}", "join_state": "init"}}}}').joined_the_group() is joined


def test_a_client_that_reports_nothing_of_interest_has_zeros() -> None:
    statistics = read_statistics("{}")
    assert (statistics.round_trip_s(), statistics.throttle_s(), statistics.queued_records()) == (0, 0, 0)
    assert (dict(statistics.request_errors()), statistics.joined_the_group()) == ({}, False)


def test_an_interval_that_a_user_gives_wins() -> None:
    assert reporting({}, lambda _: None)["statistics.interval.ms"] == 5000
    assert reporting({"statistics.interval.ms": "200"}, lambda _: None)["statistics.interval.ms"] == "200"


class Bench:
    def __init__(self) -> None:
        self.clients = KafkaClientCollector()
        self.registry = CollectorRegistry()
        self.registry.register(self.clients)

    def value(self, name: str, client: str) -> float | None:
        return self.registry.get_sample_value(f"reviews_kafka_{name}", {"client": client})


@pytest.mark.parametrize("name", ["broker_rtt_seconds", "queue_records", "throttle_seconds", "request_errors_total"])
def test_both_clients_are_zero_before_their_first_report(name: str) -> None:
    bench = Bench()
    assert [bench.value(name, client) for client in ("consumer", "producer")] == [0, 0]


def test_the_newest_report_of_a_client_counts_and_the_other_client_keeps_its_own() -> None:
    bench = Bench()
    bench.clients.producer_reports(report(one=broker(rtt_us=1000)))
    bench.clients.producer_reports(report(one=broker(rtt_us=3000, throttle_ms=5)))
    assert bench.value("broker_rtt_seconds", "producer") == 0.003
    assert bench.value("throttle_seconds", "producer") == 0.005
    assert bench.value("queue_records", "producer") == 7
    assert bench.value("broker_rtt_seconds", "consumer") == 0


def test_request_errors_of_all_brokers_are_summed_and_never_fall_when_a_broker_leaves_or_starts_over() -> None:
    bench = Bench()
    counts: list[float | None] = []
    for brokers in (
        {"one": broker(failed=2), "two": broker(unanswered=3)},
        {"one": broker(failed=2, unanswered=1), "two": broker(unanswered=3)},
        {"one": broker(failed=2, unanswered=1)},
        {"one": broker(), "three": broker(failed=4)},
    ):
        bench.clients.consumer_reports(report(**brokers))
        counts.append(bench.value("request_errors_total", "consumer"))
    assert counts == [5, 6, 6, 10]
