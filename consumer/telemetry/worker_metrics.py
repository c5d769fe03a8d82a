"""Metrics of the parent of several workers: who runs, and how workers ended that can't be asked any more."""

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.process_collector import ProcessCollector

from consumer.telemetry.log_counts import LogCounts

ENDINGS = ("done", "fenced", "failed")


class WorkerMetrics:
    """A WorkerObserver that counts; every worker is there as 0 from the start."""

    def __init__(self, registry: CollectorRegistry, workers: Sequence[str]) -> None:
        ProcessCollector(registry=registry)
        self.log_counts = LogCounts(registry)
        self._up = Gauge(
            "reviews_worker_up", "Of `run --workers`: 1 while the worker's process runs.", ["worker"], registry=registry
        )
        self._starts = Counter(
            "reviews_worker_starts", "Of `run --workers`: times a worker was started.", ["worker"], registry=registry
        )
        self._exits = Counter(
            "reviews_worker_exits",
            "Of `run --workers`: times a worker ended, by how: done (0), fenced (71) or failed.",
            ["worker", "outcome"],
            registry=registry,
        )
        for worker in workers:
            self._up.labels(worker).set(0)
            self._starts.labels(worker)
            for ending in ENDINGS:
                self._exits.labels(worker, ending)

    def started(self, worker: str) -> None:
        """Count a start."""
        self._up.labels(worker).set(1)
        self._starts.labels(worker).inc()

    def ended(self, worker: str, ending: str) -> None:
        """Count an end."""
        self._up.labels(worker).set(0)
        self._exits.labels(worker, ending).inc()
