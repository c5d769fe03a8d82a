"""How the Kafka clients fare, by their own account: round trips, queues, throttling, failed requests."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

CLIENTS = ("consumer", "producer")


class ClientReport(Protocol):
    """What a client says of itself, every few seconds."""

    def round_trip_s(self) -> float:
        """Return the mean round trip of the slowest broker, in seconds."""
        ...

    def throttle_s(self) -> float:
        """Return how long the most throttling broker asked to wait, on average, in seconds."""
        ...

    def queued_records(self) -> int:
        """Return how many records are in its queue."""
        ...

    def request_errors(self) -> Mapping[str, int]:
        """Return, for each broker, how many requests failed since the client's start."""
        ...


class KafkaClientCollector(Collector):
    """Keeps the newest report of each client; 0 everywhere before the first."""

    def __init__(self) -> None:
        self._round_trip_s = dict.fromkeys(CLIENTS, 0.0)
        self._throttle_s = dict.fromkeys(CLIENTS, 0.0)
        self._queued_records = dict.fromkeys(CLIENTS, 0)
        self._errors = dict.fromkeys(CLIENTS, 0)
        self._errors_before: dict[str, Mapping[str, int]] = {client: {} for client in CLIENTS}

    def consumer_reports(self, report: ClientReport) -> None:
        """Take a report of the client that reads."""
        self._take("consumer", report)

    def producer_reports(self, report: ClientReport) -> None:
        """Take a report of the client that writes."""
        self._take("producer", report)

    def _take(self, client: str, report: ClientReport) -> None:
        self._round_trip_s[client] = report.round_trip_s()
        self._throttle_s[client] = report.throttle_s()
        self._queued_records[client] = report.queued_records()
        before, errors = self._errors_before[client], report.request_errors()
        # A broker that left the cluster takes its count along, and a client that starts over begins at 0: a counter
        # that fell would be read as a restart.
        self._errors[client] += sum(max(0, count - before.get(broker, 0)) for broker, count in errors.items())
        self._errors_before[client] = errors

    def collect(self) -> Iterator[Metric]:
        """Yield the families."""
        errors = CounterMetricFamily(
            "reviews_kafka_request_errors",
            "Requests to a broker that could not be sent or were never answered.",
            labels=["client"],
        )
        for client, count in self._errors.items():
            errors.add_metric([client], count)
        yield errors
        yield _gauge(
            "reviews_kafka_broker_rtt_seconds",
            "Mean round trip to the slowest broker over the last seconds, 0 where nothing was asked; "
            "a consumer's holds the 100 ms that a broker waits for records where there are none.",
            self._round_trip_s,
        )
        yield _gauge(
            "reviews_kafka_queue_records",
            "Records in the client's queue: fetched and not yet read, or produced and not yet acknowledged.",
            self._queued_records,
        )
        yield _gauge(
            "reviews_kafka_throttle_seconds",
            "Mean time that a broker made the client wait for its quota, over the last seconds.",
            self._throttle_s,
        )


def _gauge(name: str, documentation: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, documentation, labels=["client"])
    for client, value in values.items():
        family.add_metric([client], value)
    return family
