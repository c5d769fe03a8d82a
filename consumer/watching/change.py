"""What happened between two pages of one process: rates, shares, and the observations in between."""

import math
from dataclasses import dataclass

from consumer.watching.histogram import Histogram
from consumer.watching.metric_names import Name
from consumer.watching.sample import Sample

# What only grows in a process, and begins anew with the next one.
GROWING = ("_total", "_bucket", "_count")
NOTHING = Sample(0.0, {})


@dataclass(frozen=True, slots=True)
class Change:
    """The later page, and what came since the earlier one; `interval_s` is None where there is none.

    Without an earlier page, and after a restart, all that the process ever counted is new.
    """

    earlier: Sample
    later: Sample
    interval_s: float | None
    restarted: bool

    def increase(self, name: str) -> float | None:
        """Return by how much a counter grew, all series together; None where the page has none."""
        now = self.later.value(name)
        return None if now is None else max(0.0, now - (self.earlier.value(name) or 0.0))

    def increases(self, name: str, label: str) -> dict[str, float]:
        """Return by how much a counter grew, by one of its labels."""
        before = self.earlier.by_label(name, label)
        now = self.later.by_label(name, label)
        return {value: max(0.0, count - before.get(value, 0.0)) for value, count in now.items()}

    def rate(self, name: str) -> float | None:
        """Return by how much a counter grew in a second; None where that is not known."""
        grown = self.increase(name)
        return grown / self.interval_s if grown is not None and self.interval_s else None

    def histogram(self, name: str, label: str = "", value: str = "") -> Histogram | None:
        """Return what was observed in between, of one label's value where one is named."""
        now = self.later.histogram(name, label, value)
        before = self.earlier.histogram(name, label, value)
        return now.minus(before) if now is not None and before is not None else now


def change_between(earlier: Sample | None, later: Sample) -> Change:
    """Return what happened between two pages; a counter that fell, or another start time, tells of a restart."""
    if earlier is None:
        return Change(NOTHING, later, None, restarted=False)
    interval_s = later.taken_s - earlier.taken_s
    if has_restarted(earlier, later):
        return Change(NOTHING, later, interval_s, restarted=True)
    return Change(earlier, later, interval_s, restarted=False)


def has_restarted(earlier: Sample, later: Sample) -> bool:
    """Return whether another process made the later page."""
    starts = earlier.value(Name.STARTED), later.value(Name.STARTED)
    if None not in starts and starts[0] != starts[1]:
        return True
    return any(
        value < earlier.series.get(name, {}).get(labels, -math.inf)
        for name, series in later.series.items()
        if name.endswith(GROWING)
        for labels, value in series.items()
    )
