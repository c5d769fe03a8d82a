"""How much memory the process may have: the smallest of the limits that are set for it."""

import math
from collections.abc import Iterator
from pathlib import Path

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from shared.process_limits import CGROUPS, PROC, process_limits


class LimitsCollector(Collector):
    """Looks when it is asked: an orchestrator may change a limit while the process runs."""

    def collect(self) -> Iterator[Metric]:
        """Yield the gauge."""
        yield GaugeMetricFamily(
            "reviews_memory_limit_bytes",
            "Memory the process may have: the smallest limit of its control groups or on its address space; "
            "+Inf where there is none.",
            memory_limit_bytes(),
        )


def memory_limit_bytes(proc: Path = PROC, cgroups: Path = CGROUPS) -> float:
    """Return the smallest limit in bytes, infinite where there is none or the system does not tell."""
    limit = process_limits(proc, cgroups).smallest_bytes()
    return math.inf if limit is None else float(limit)
