"""The three topics, and how each one must be."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.errors import ConfigurationError
from shared.settings import setting

DAY_MS = 24 * 60 * 60 * 1000


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """One topic as it must be: its name, number of partitions, copies, and configuration."""

    name: str
    partitions: int
    replication_factor: int
    config: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TopicSettings:
    """Names and shapes of the topics."""

    input_topic: str = setting("reviews.submitted.v1", "Topic that reviews are read from.")
    output_topic: str = setting("reviews.sentiment.v1", "Topic that labels are written to.")
    dead_letter_topic: str = setting("", "Topic for what can't be read.  [default: the input topic + .dlq]")
    partitions: int = setting(6, "Partitions of the input and the output topic.", minimum=1)
    replication_factor: int = setting(1, "Copies of each partition; 3 in production.", minimum=1)
    retention_days: float = setting(7, "How long reviews and labels are kept.", minimum=0)
    dead_letter_retention_days: float = setting(30, "How long dead letters are kept.", minimum=0)

    def __post_init__(self) -> None:
        """Refuse topics that would feed themselves."""
        names = [self.input_topic, self.output_topic, self.dead_letters]
        if len(set(names)) < len(names):
            raise ConfigurationError(
                f"input, output and dead-letter topic must differ, these are {', '.join(names)}",
                hint="set --input-topic, --output-topic and --dead-letter-topic to three names",
            )

    @property
    def dead_letters(self) -> str:
        """The dead-letter topic's name."""
        return self.dead_letter_topic or f"{self.input_topic}.dlq"

    def specs(self) -> tuple[TopicSpec, TopicSpec, TopicSpec]:
        """Return input, output and dead-letter topic as they must be."""
        return (
            self._spec(self.input_topic, self.partitions, self.retention_days),
            self._spec(self.output_topic, self.partitions, self.retention_days),
            self._spec(
                self.dead_letters,
                1,
                self.dead_letter_retention_days,
                # Kafka's default limit for a record, and room for the headers that say what was wrong with it.
                {"max.message.bytes": str(1_048_588 + 64 * 1024)},
            ),
        )

    def _spec(
        self, name: str, partitions: int, retention_days: float, extra: Mapping[str, str] | None = None
    ) -> TopicSpec:
        config = {
            "cleanup.policy": "delete",
            "retention.ms": str(round(retention_days * DAY_MS)),
            # A label must survive the loss of one broker once it is acknowledged.
            "min.insync.replicas": str(max(1, self.replication_factor - 1)),
        }
        return TopicSpec(name, partitions, self.replication_factor, {**config, **(extra or {})})
