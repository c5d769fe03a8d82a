"""How many lines were logged, by level: a process that begins to complain shows on a dashboard."""

from prometheus_client import CollectorRegistry, Counter

LEVELS = ("debug", "info", "warning", "error", "critical")


class LogCounts:
    """Counts the lines that `shared.logs` writes; any thread may."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._lines = Counter(
            "reviews_log_messages",
            "Log lines written, by level; what was left out is not.",
            ["level"],
            registry=registry,
        )
        for level in LEVELS:
            self._lines.labels(level)

    def count(self, level: str) -> None:
        """Count a line of a level known here."""
        self._lines.labels(level).inc()
