"""What is seen of running consumers between two looks: the document that `top --json` prints.

Seconds, bytes, records; a share is between 0 and 1; None is what is not known, be it that the pages do not say it or
that nothing happened in between.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Half, 95 and 99 of a hundred observations were not longer than this, in seconds."""

    p50: float | None
    p95: float | None
    p99: float | None


@dataclass(frozen=True, slots=True)
class ProcessView:
    """One address: what runs there and how it does, or, where it is not `up`, the `reason`.

    `workers_up` of `workers` are those that a parent of `run --workers` tells of. `processor_share` is of one core.
    """

    address: str
    up: bool
    reason: str
    restarted: bool = False
    version: str | None = None
    model: str | None = None
    digest: str | None = None
    uptime_seconds: float | None = None
    consumed_per_second: float | None = None
    labelled_per_second: float | None = None
    dead_lettered_per_second: float | None = None
    partitions: float | None = None
    lag_records: float | None = None
    lag_seconds: float | None = None
    inflight_records: float | None = None
    inflight_bytes: float | None = None
    memory_bytes: float | None = None
    memory_limit_bytes: float | None = None
    processor_share: float | None = None
    catching_up: bool | None = None
    workers: int | None = None
    workers_up: int | None = None


@dataclass(frozen=True, slots=True)
class PartitionView:
    """One partition's lag, and the address of who holds it."""

    topic: str
    partition: int
    records: float
    seconds: float | None
    address: str


@dataclass(frozen=True, slots=True)
class Flow:
    """What goes in and out a second, and the dead letters of the interval by reason."""

    consumed_per_second: float | None
    labelled_per_second: float | None
    dead_lettered_per_second: float | None
    dead_letters: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Lag:
    """How far behind: records in all, seconds in the worst partition; partitions with the worst first."""

    records: float | None
    seconds: float | None
    partitions: tuple[PartitionView, ...]


@dataclass(frozen=True, slots=True)
class SizeCount:
    """How many micro-batches had more records than the bound before and at most `records`; None is the rest."""

    records: float | None
    batches: float


@dataclass(frozen=True, slots=True)
class Batches:
    """The micro-batches of the interval: how many, how large, and the share that each limit closed."""

    count: float | None
    mean_records: float | None
    sizes: tuple[SizeCount, ...]
    closed_by: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Quality:
    """What the labels say: each one's share beside that on held-out data, and how far they can be relied on.

    `expected_accuracy` is the mean probability of the labels given, `unknown_terms_share` is of all terms looked up,
    `rating_agreement_share` is of reviews whose rating says which label is right.
    """

    labels: Mapping[str, float]
    reference: Mapping[str, float]
    expected_accuracy: float | None
    unknown_terms_share: float | None
    rating_agreement_share: float | None


@dataclass(frozen=True, slots=True)
class View:
    """All processes together, at a moment in seconds since 1970; `interval_seconds` is None at the first look.

    At the first look, and for a process that has restarted, shares and quantiles are of all it ever did. `loop` has
    the share of the loop's time in each state, `memory_limit_bytes` is None where a process has no limit, and
    `rebalances`, `transactions` and `rewinds` count in the interval.
    """

    at_seconds: float
    interval_seconds: float | None
    processes: tuple[ProcessView, ...]
    flow: Flow
    lag: Lag
    latency: Quantiles
    stages: Mapping[str, Quantiles]
    loop: Mapping[str, float]
    batches: Batches
    quality: Quality
    inflight_records: float | None
    inflight_bytes: float | None
    memory_bytes: float | None
    memory_limit_bytes: float | None
    rebalances: Mapping[str, float]
    transactions: Mapping[str, float]
    rewinds: float | None

    @property
    def answering(self) -> int:
        """How many addresses answered."""
        return sum(process.up for process in self.processes)
