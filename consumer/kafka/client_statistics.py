"""What we read of librdkafka's statistics: a few figures of the hundreds, every few seconds."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

EVERY_MS = 5000
# librdkafka counts latencies in microseconds and throttling in milliseconds (its STATISTICS.md).
MICROSECONDS, MILLISECONDS = 1e6, 1e3


class _Window(msgspec.Struct):
    """What happened since the statistics before."""

    avg: float = 0


class _Broker(msgspec.Struct):
    rtt: _Window = msgspec.field(default_factory=_Window)
    throttle: _Window = msgspec.field(default_factory=_Window)
    txerrs: int = 0
    req_timeouts: int = 0


class _Partition(msgspec.Struct):
    fetchq_cnt: int = 0


class _Topic(msgspec.Struct):
    partitions: dict[str, _Partition] = {}


class _Group(msgspec.Struct):
    state: str


class ClientStatistics(msgspec.Struct):
    """One report of one client; figures it does not have are 0."""

    msg_cnt: int = 0
    brokers: dict[str, _Broker] = {}
    topics: dict[str, _Topic] = {}
    cgrp: _Group | None = None

    def joined_the_group(self) -> bool:
        """Return whether the group's coordinator is there and takes this member's heartbeats.

        In the newer protocol a member for whom no partition is left stays in the join state "init": that tells nothing.
        """
        return self.cgrp is not None and self.cgrp.state == "up"

    def round_trip_s(self) -> float:
        """Return the mean round trip of the slowest broker, in seconds; 0 where nothing was asked meanwhile."""
        return max((broker.rtt.avg for broker in self.brokers.values()), default=0) / MICROSECONDS

    def throttle_s(self) -> float:
        """Return how long the most throttling broker asked to wait, on average, in seconds."""
        return max((broker.throttle.avg for broker in self.brokers.values()), default=0) / MILLISECONDS

    def queued_records(self) -> int:
        """Return how many records a consumer has fetched and nobody read, or a producer has no acknowledgement of."""
        # A consumer's partitions share one queue, and each of them reports all of it.
        fetched = (place.fetchq_cnt for topic in self.topics.values() for place in topic.partitions.values())
        return self.msg_cnt + max(fetched, default=0)

    def request_errors(self) -> Mapping[str, int]:
        """Return, for each broker, how many requests failed to be sent or were never answered, since the start."""
        return {name: broker.txerrs + broker.req_timeouts for name, broker in self.brokers.items()}


StatisticsReader = Callable[[ClientStatistics], None]


def read_statistics(text: str) -> ClientStatistics:
    """Return what a client reports."""
    return msgspec.json.decode(text, type=ClientStatistics)


def reporting(config: Mapping[str, Any], read: StatisticsReader) -> dict[str, Any]:
    """Return a client's configuration with statistics that `read` is told of, from within the client's `poll`."""
    return {
        "statistics.interval.ms": EVERY_MS,
        **config,
        "stats_cb": lambda text: read(read_statistics(text)),
    }


def ignore(statistics: ClientStatistics) -> None:
    """Look at nothing."""
    del statistics
