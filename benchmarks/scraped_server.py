"""Somebody else's metrics: `python -m benchmarks.scraped_server`, until standard input ends; prints its port.

Scrapers at it take of the machine what they take at a consumer, and nothing of the consumer's process.
"""

import sys

from prometheus_client import CollectorRegistry

from consumer.telemetry.metrics import ConsumerMetrics
from shared.clock import SystemClock
from shared.probes import ProbeServer


def main() -> None:
    """Serve the metrics of a consumer that does nothing."""
    registry = CollectorRegistry()
    ConsumerMetrics(registry, SystemClock())
    with ProbeServer(registry, "127.0.0.1", 0, {}) as server:
        print(server.port, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
