"""What the input topic is like: how many partitions there are to be held, and how long it keeps records."""

from collections.abc import Iterator

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector


class TopicStateCollector(Collector):
    """Keeps what was last heard; what was never heard is absent."""

    def __init__(self) -> None:
        self._partitions: dict[str, int] = {}
        self._retention_s: dict[str, float] = {}

    def partitions_are(self, topic: str, partitions: int) -> None:
        """Note how many partitions a topic has."""
        self._partitions[topic] = partitions

    def retention_is(self, topic: str, seconds: float) -> None:
        """Note how long a topic keeps records, in seconds; infinite where it removes none for their age."""
        self._retention_s[topic] = seconds

    def collect(self) -> Iterator[Metric]:
        """Yield both gauges."""
        partitions = GaugeMetricFamily(
            "reviews_topic_partitions", "Partitions of the input topic, held by anybody or not.", labels=["topic"]
        )
        for topic, count in self._partitions.items():
            partitions.add_metric([topic], count)
        yield partitions
        retention = GaugeMetricFamily(
            "reviews_topic_retention_seconds",
            "Age at which the input topic removes records, read or not; +Inf where it never does.",
            labels=["topic"],
        )
        for topic, seconds in self._retention_s.items():
            retention.add_metric([topic], seconds)
        yield retention
