"""Whether we may do in topics and group what the stream does there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from confluent_kafka.admin import AclOperation

from consumer.examining.finding import Note, failure, passed, skipped
from consumer.kafka.delivery import Delivery
from consumer.kafka.examining.cluster import Cluster, Missing, Refused
from shared.topics import TopicSettings

AUTHORISER = "authorizer.class.name"


@dataclass(frozen=True, slots=True)
class AccessCheck:
    """Whether the user may read the input, write labels and dead letters, and be a member of the group."""

    cluster: Cluster
    topics: TopicSettings
    group: str
    transactional_id: str
    delivery: Delivery
    name: str = "ACLs"
    after: Sequence[str] = ("advertised listeners",)
    limit_s: float = 25.0

    def run(self) -> list[Note]:
        """Ask what we may do in each."""
        if self._everybody_may():
            return [passed("the broker has no authoriser: everybody may do everything")]
        wanted = (
            ("topic", self.topics.input_topic, self.cluster.topic, AclOperation.READ),
            ("topic", self.topics.output_topic, self.cluster.topic, AclOperation.WRITE),
            ("topic", self.topics.dead_letters, self.cluster.topic, AclOperation.WRITE),
            ("group", self.group, self.cluster.group, AclOperation.READ),
        )
        notes = [self._look(*each) for each in wanted]
        if self.delivery is Delivery.EXACTLY_ONCE:
            notes.append(
                skipped(
                    f"whether we may Write and Describe the transactional id {self.transactional_id}: only a "
                    "transaction would tell, and that would fence the process that uses it"
                )
            )
        return notes

    def _everybody_may(self) -> bool:
        number = min(self.cluster.metadata().brokers)
        try:
            return self.cluster.broker_config(number).get(AUTHORISER) == ""
        except Refused:
            # Then there is one.
            return False

    def _look(self, kind: str, name: str, ask: Callable[[str], Any], needed: AclOperation) -> Note:
        operation = needed.name.capitalize()
        grant = f"grant {operation} on {kind} {name}: kafka-acls --add --operation {operation} --{kind} {name}"
        try:
            allowed = ask(name).authorized_operations or []
        except Missing:
            return skipped(f"{kind} {name} is not there")
        except Refused:
            return failure(f"{kind} {name}: nothing is allowed", operation, grant)
        if needed not in allowed:
            may = ", ".join(sorted(each.name.capitalize() for each in allowed)) or "nothing"
            return failure(f"{kind} {name}: {may} is allowed", operation, grant)
        return passed(f"{operation} on {kind} {name}")
