"""Whether this machine's clock agrees with the time stamps of the reviews."""

from collections.abc import Sequence
from dataclasses import dataclass

from consumer.examining.finding import Note, passed, skipped, warning
from consumer.kafka.examining.cluster import Cluster, Missing, Refused
from shared.clock import Clock

AHEAD_S_MAX = 1.0


@dataclass(frozen=True, slots=True)
class ClockCheck:
    """Whether the newest review is not from the future.

    No request of Kafka's tells the broker's clock. A time stamp from the future proves that two clocks differ; that
    this machine's is ahead can't be seen, since an old review looks the same.
    """

    cluster: Cluster
    topic: str
    clock: Clock
    name: str = "clock"
    after: Sequence[str] = ("advertised listeners",)
    limit_s: float = 10.0

    def run(self) -> list[Note]:
        """Ask for the newest time stamp; no record is read."""
        try:
            partitions = [each.id for each in self.cluster.topic(self.topic).partitions]
            newest_ms = self.cluster.newest_ms(self.topic, partitions)
        except (Missing, Refused) as error:
            return [skipped(str(error))]
        if newest_ms is None or newest_ms < 0:
            return [skipped(f"{self.topic} holds no review to compare with")]
        return [compared(newest_ms / 1000, self.clock.now())]


def compared(newest_s: float, now_s: float) -> Note:
    """Return what the newest time stamp says of the clocks; both in seconds since 1970."""
    ahead_s = newest_s - now_s
    if ahead_s > AHEAD_S_MAX:
        return warning(
            f"the newest review is {ahead_s:,.1f} s from the future",
            "no more than a second: latency and lag in seconds would be wrong",
            "let NTP set this machine's clock, and those of the producers (or of the brokers, where the topic's "
            "message.timestamp.type is LogAppendTime)",
        )
    return passed("no review is from the future (that this clock is ahead could not be seen)")
