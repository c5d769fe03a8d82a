"""What the batch policy has learnt: what a batch costs, and how well that is known."""

from collections.abc import Iterator

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from consumer.scoring.batching import BatchPolicy, Pace


class BatchCostCollector(Collector):
    """Reads a policy when it is asked; 0 everywhere before there is one."""

    def __init__(self) -> None:
        self._policy: BatchPolicy | None = None

    def read_from(self, policy: BatchPolicy) -> None:
        """Name the policy that is at work."""
        self._policy = policy

    def collect(self) -> Iterator[Metric]:
        """Yield the gauges."""
        policy = self._policy
        per_byte = fixed_s = error = catching_up = 0.0
        if policy is not None:
            cost = policy.cost
            per_byte, fixed_s, error = cost.seconds_per_byte, cost.fixed_s, cost.error_ratio
            catching_up = float(policy.pace is Pace.CATCH_UP)
        yield GaugeMetricFamily(
            "reviews_batch_cost_seconds_per_byte", "What a byte of a batch costs, as learnt: the slope.", per_byte
        )
        yield GaugeMetricFamily(
            "reviews_batch_cost_fixed_seconds", "What a batch costs whatever its size, as learnt.", fixed_s
        )
        yield GaugeMetricFamily(
            "reviews_batch_cost_error_ratio", "Mean error of the predicted time of a batch, as a share of it.", error
        )
        yield GaugeMetricFamily(
            "reviews_catching_up",
            "1 while records are older than the latency objective when they are read.",
            catching_up,
        )
