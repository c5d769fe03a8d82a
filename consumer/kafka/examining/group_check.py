"""Whether the group can go on from where it stands, and who is in it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from confluent_kafka import ConsumerGroupState, ConsumerGroupType

from consumer.examining.finding import Note, failure, passed, skipped, warning
from consumer.kafka.delivery import Delivery
from consumer.kafka.examining.cluster import Cluster, Refused
from consumer.kafka.examining.topic_checks import counted_as
from consumer.kafka.positions import beyond, gone
from shared.errors import ReviewstreamError

GROUP = "--group (REVIEWS_GROUP)"
PLACES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class GroupCheck:
    """Whether the group's offsets are within the topic, and its members go together with this process."""

    cluster: Cluster
    topic: str
    group: str
    group_protocol: str
    delivery: Delivery
    transactional_id: str
    own_addresses: Callable[[], Collection[str]]
    name: str = "group"
    after: Sequence[str] = ("topics", "ACLs")
    limit_s: float = 25.0

    def run(self) -> list[Note]:
        """Ask who is in it and where it stands; nobody joins."""
        described = self.cluster.group(self.group)
        notes = [members(self.group, described, self.group_protocol), *self._positions()]
        if self.delivery is Delivery.EXACTLY_ONCE:
            hosts = {str(member.host).lstrip("/") for member in described.members}
            notes.append(namesake(self.transactional_id, hosts, self.own_addresses()))
        return notes

    def _positions(self) -> list[Note]:
        partitions = [each.id for each in self.cluster.topic(self.topic).partitions]
        try:
            committed = self.cluster.committed(self.group, self.topic, partitions)
        except Refused as error:
            return [skipped(str(error))]
        return positions(self.group, self.topic, committed, self.cluster.bounds(self.topic, partitions))


def members(group: str, described: Any, group_protocol: str) -> Note:
    """Return who is in the group of a ConsumerGroupDescription, and whether they speak the protocol of this process."""
    count = len(described.members)
    if not count:
        return passed(f"{group} is {'new' if described.state == ConsumerGroupState.DEAD else 'without members'}")
    theirs = "classic" if described.type == ConsumerGroupType.CLASSIC else "consumer"
    seen = f"{group} has {counted_as(count, 'member', 'members')}, is {described.state.name.lower()}"
    if theirs == group_protocol:
        return passed(f"{seen}, and speaks the {theirs} protocol")
    return warning(
        f"{seen}, and speaks the {theirs} protocol",
        f"--group-protocol {group_protocol}, as this process would",
        "the same --group-protocol (REVIEWS_GROUP_PROTOCOL) everywhere; a mixed group works only where the broker's "
        "group.consumer.migration.policy allows it",
    )


def namesake(transactional_id: str, hosts: Collection[str], own_addresses: Collection[str]) -> Note:
    """Return whether a member that runs on this machine may have the transactional id of this process."""
    if set(hosts) & set(own_addresses):
        return warning(
            f"a member of the group runs on this machine: whether its transactional id is {transactional_id} too "
            "can't be asked without fencing it",
            "one name for each process: of two with the same the older is fenced and leaves",
            "give each an --instance (REVIEWS_INSTANCE) of its own",
        )
    return skipped(f"whether another process uses the transactional id {transactional_id}: asking would fence it")


def positions(
    group: str, topic: str, committed: Mapping[int, int], bounds: Mapping[int, tuple[int, int]]
) -> list[Note]:
    """Return whether each committed offset is within the partition's bounds, and how much is still to be read."""
    outside: list[ReviewstreamError] = []
    for number, offset in committed.items():
        low, high = bounds[number]
        if offset < low:
            outside.append(gone(group, (topic, number), offset, low))
        elif offset > high:
            outside.append(beyond(group, (topic, number), offset, high))
    if outside:
        within = "offsets within what the topic holds"
        return [failure(str(error), within, error.hint) for error in outside[:PLACES_SHOWN]]
    if not committed:
        return [passed(f"it has committed nothing in {topic}: --start says where it begins")]
    lag = sum(high - committed.get(number, low) for number, (low, high) in bounds.items())
    return [passed(f"it stands in {len(committed)} of {len(bounds)} partitions, {lag:,} records are still to be read")]
