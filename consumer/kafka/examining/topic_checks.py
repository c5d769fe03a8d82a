"""Whether the three topics are there, whole, and such that nothing is lost in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from consumer.examining.finding import Note, failure, passed, skipped, warning
from consumer.kafka.examining.cluster import Cluster, Missing, Refused
from shared.topics import DAY_MS, TopicSettings

# What a dead letter holds beside its record: headers that say where it was and why.
DEAD_LETTER_HEADERS_BYTES = 16 * 1024
RETENTION_DAYS_MIN = 1.0
ALTER = "kafka-configs --alter --entity-type topics --entity-name {topic} --add-config {key}=…"

Config = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TopicsCheck:
    """Whether the topics exist, have their copies, and are configured to hold what is written to them."""

    cluster: Cluster
    topics: TopicSettings
    review_bytes_max: int
    name: str = "topics"
    after: Sequence[str] = ("advertised listeners",)
    limit_s: float = 25.0

    def run(self) -> list[Note]:
        """Describe the topics and their configurations."""
        names = (self.topics.input_topic, self.topics.output_topic, self.topics.dead_letters)
        notes: list[Note] = []
        partitions: dict[str, Sequence[Any]] = {}
        configs: dict[str, Config] = {}
        for name in names:
            try:
                partitions[name] = self.cluster.topic(name).partitions
                configs[name] = self.cluster.topic_config(name)
            except Missing:
                notes.append(
                    failure(f"{name} is not there", "a topic", "`review-consumer topics apply` makes what is missing")
                )
            except Refused as error:
                known = "its partitions are known, its configuration is not: " if name in partitions else ""
                notes.append(skipped(f"{name}: {known}{error}"))
            if name in partitions:
                notes += whole(name, partitions[name], configs.get(name, {}))
        notes += crowded(names[0], names[1], {name: len(found) for name, found in partitions.items()})
        notes += kept(self.topics.input_topic, configs.get(self.topics.input_topic, {}))
        return notes + room(names, configs, self.review_bytes_max)


def whole(name: str, partitions: Sequence[Any], config: Config) -> list[Note]:
    """Return whether each TopicPartitionInfo has a leader and as many copies in sync as a write needs."""
    copies = min(len(each.replicas) for each in partitions)
    in_sync = min(len(each.isr) for each in partitions)
    needed = int(config.get("min.insync.replicas", 1))
    leaderless = [each.id for each in partitions if each.leader is None or each.leader.id < 0]
    counted = f"{counted_as(len(partitions), 'partition', 'partitions')}, {counted_as(copies, 'copy', 'copies')}"
    seen = f"{name}: {counted}, {in_sync} in sync"
    if leaderless:
        return [failure(f"{name}: partition {leaderless[0]} has no leader", "a leader", "are all brokers up?")]
    if in_sync < needed:
        return [failure(f"{seen}, and a write needs {needed}", "min.insync.replicas copies", "are all brokers up?")]
    if in_sync < copies:
        return [warning(seen, f"all {copies} in sync", "a broker is down, or behind: look at its log")]
    if 1 < copies == needed:
        return [
            warning(
                f"{seen}, and a write needs {needed}",
                "fewer than the copies: with one broker away nothing can be written",
                ALTER.format(topic=name, key="min.insync.replicas"),
            )
        ]
    return [passed(seen)]


def counted_as(count: int, one: str, many: str) -> str:
    """Return a number with the word for it."""
    return f"{count:,} {one if count == 1 else many}"


def crowded(read: str, written: str, partitions: Mapping[str, int]) -> list[Note]:
    """Return a warning where labels have fewer partitions than reviews."""
    if partitions.get(written, 0) >= partitions.get(read, 0) or written not in partitions:
        return []
    return [
        warning(
            f"{written} has {partitions[written]} partitions, {read} has {partitions[read]}",
            "as many at least: else fewer readers than consumers can share the labels",
            f"kafka-topics --alter --topic {written} --partitions {partitions[read]}",
        )
    ]


def kept(name: str, config: Config) -> list[Note]:
    """Return whether reviews stay until they are labelled."""
    notes = []
    policy = config.get("cleanup.policy", "delete")
    if "compact" in policy:
        notes.append(
            warning(
                f"{name}: cleanup.policy is {policy}",
                "delete: a later review of the same key may remove one before it is labelled",
                ALTER.format(topic=name, key="cleanup.policy"),
            )
        )
    days = int(config.get("retention.ms", -1)) / DAY_MS
    if 0 <= days < RETENTION_DAYS_MIN:
        notes.append(
            warning(
                f"{name}: reviews are kept for {days * 24:.2g} hours",
                "a day at least: what is not labelled by then is lost",
                ALTER.format(topic=name, key="retention.ms"),
            )
        )
    return notes


def room(names: Sequence[str], configs: Mapping[str, Config], review_bytes_max: int) -> list[Note]:
    """Return a warning where the largest review does not fit into the dead-letter topic."""
    read, dead_letters = configs.get(names[0], {}), configs.get(names[2], {})
    if "max.message.bytes" not in read or "max.message.bytes" not in dead_letters:
        return []
    largest, fits = int(read["max.message.bytes"]), int(dead_letters["max.message.bytes"])
    if fits >= largest + DEAD_LETTER_HEADERS_BYTES:
        return [passed(f"messages: {names[0]} up to {largest:,} bytes, labelled up to {review_bytes_max:,}")]
    return [
        warning(
            f"{names[2]} takes messages of {fits:,} bytes, {names[0]} of {largest:,}",
            f"{largest + DEAD_LETTER_HEADERS_BYTES:,} at least: a dead letter that does not fit stops the consumer",
            ALTER.format(topic=names[2], key="max.message.bytes"),
        )
    ]
