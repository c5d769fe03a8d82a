"""What of a program's /metrics has ever differed from what it is before anything happened."""

import threading
from collections.abc import Iterable, Sequence

from prometheus_client import CollectorRegistry
from prometheus_client.samples import Sample

from consumer.telemetry.catalogue import DECLARATIONS, PREFIX, declared_metrics
from tests.support.metrics_page import read_families
from tests.support.stream_under_test import Deadline

ASK_EVERY_S = 0.05


class MetricWatch:
    """Looks again and again at one program."""

    def __init__(self, name: str, port: int) -> None:
        self.name = name
        self.port = port
        self._start = _values_at_the_start()
        self._facts = {metric.name: metric for metric in declared_metrics()}
        self.exported: set[str] = set()
        self.moved: set[str] = set()
        self.moved_series: set[tuple[str, ...]] = set()
        # Samples under labels, or with values of labels, that are not declared.
        self.undeclared_labels: set[str] = set()

    def look(self) -> None:
        """Read the page once."""
        for family in read_families(self.port):
            name = family.name + ("_total" if family.type == "counter" else "")
            self.exported.add(name)
            moved = [sample for sample in family.samples if sample.value != self._start.get(_key(sample))]
            if moved:
                self.moved.add(name)
                self.moved_series |= {(sample.name, *sample.labels.values()) for sample in moved}
            if name.startswith(PREFIX):
                self.undeclared_labels |= {
                    _key(sample) for sample in family.samples if not self._declared(name, sample)
                }

    def _declared(self, name: str, sample: Sample) -> bool:
        if name not in self._facts:
            # Told by `exported`.
            return True
        labels = {label.name: label.values for label in self._facts[name].labels}
        given = {label: value for label, value in sample.labels.items() if label != "le"}
        return given.keys() == labels.keys() and all(
            not labels[label] or value in labels[label] for label, value in given.items()
        )


def await_moved(watches: Sequence[MetricWatch], names: Iterable[str], why: str) -> None:
    """Look at all of them until each metric has moved in one; fails where some never do."""
    deadline = Deadline()
    while True:
        for watch in watches:
            watch.look()
        still = set(names) - {name for watch in watches for name in watch.moved}
        if not still:
            return
        deadline.check(f"{why} does not move {', '.join(sorted(still))}")
        threading.Event().wait(ASK_EVERY_S)


def _values_at_the_start() -> dict[str, float]:
    values: dict[str, float] = {}
    for declare in DECLARATIONS.values():
        registry = CollectorRegistry()
        declare(registry)
        values |= {_key(sample): sample.value for family in registry.collect() for sample in family.samples}
    return values


def _key(sample: Sample) -> str:
    return f"{sample.name}{sorted(sample.labels.items())}"
