"""What is made of the answers a cluster gives, without one."""

from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from confluent_kafka import ConsumerGroupState, ConsumerGroupType

from consumer.examining.finding import Note, Status
from consumer.kafka.examining.clock_check import compared
from consumer.kafka.examining.group_check import members, namesake, positions
from consumer.kafka.examining.topic_checks import crowded, kept, room, whole
from shared.topics import DAY_MS

NOW_S = 1_700_000_000.0


@dataclass(frozen=True, slots=True)
class Leader:
    """As the client tells of a broker."""

    id: int


@dataclass(frozen=True, slots=True)
class Partition:
    """As the client tells of a partition."""

    id: int
    leader: Leader | None
    replicas: tuple[int, ...]
    isr: tuple[int, ...]


def partition(copies: int, in_sync: int, leader: int | None = 1) -> Partition:
    found = None if leader is None else Leader(leader)
    return Partition(0, found, tuple(range(copies)), tuple(range(in_sync)))


@pytest.mark.parametrize(
    ("found", "needed", "status"),
    [
        (partition(3, 3), 2, Status.PASSED),
        (partition(1, 1), 1, Status.PASSED),
        (partition(3, 2), 2, Status.WARNING),
        (partition(3, 3), 3, Status.WARNING),
        (partition(3, 1), 2, Status.FAILED),
        (partition(3, 3, leader=-1), 2, Status.FAILED),
        (partition(3, 3, leader=None), 2, Status.FAILED),
    ],
)
def test_a_topic_is_as_well_as_its_copies(found: Partition, needed: int, status: Status) -> None:
    (note,) = whole("labels", [partition(3, 3), found], {"min.insync.replicas": str(needed)})
    assert note.status is status


def test_fewer_partitions_of_labels_than_of_reviews_are_warned_of() -> None:
    assert crowded("in", "out", {"in": 3, "out": 3}) == []
    assert crowded("in", "out", {"in": 3}) == []
    (note,) = crowded("in", "out", {"in": 3, "out": 2})
    assert note.status is Status.WARNING
    assert "--partitions 3" in note.fix


def test_what_may_be_removed_before_it_is_labelled_is_warned_of() -> None:
    assert kept("in", {"cleanup.policy": "delete", "retention.ms": str(7 * DAY_MS)}) == []
    assert kept("in", {"retention.ms": "-1"}) == []
    found = kept("in", {"cleanup.policy": "compact,delete", "retention.ms": str(DAY_MS // 24)})
    assert [note.status for note in found] == [Status.WARNING, Status.WARNING]
    assert "1 hours" in found[1].found


def test_a_dead_letter_topic_that_the_largest_review_does_not_fit_into_is_warned_of() -> None:
    def look(fits: int) -> list[Note]:
        configs = {"in": {"max.message.bytes": "1000000"}, "dead": {"max.message.bytes": str(fits)}}
        return room(("in", "out", "dead"), configs, 1000)

    assert [note.status for note in look(1_100_000)] == [Status.PASSED]
    assert [note.status for note in look(1_000_000)] == [Status.WARNING]
    assert room(("in", "out", "dead"), {}, 1000) == []


def test_a_group_outside_of_what_the_topic_holds_can_not_go_on() -> None:
    behind, beyond = positions("g", "in", {0: 5, 1: 30, 2: 15}, {0: (10, 20), 1: (10, 20), 2: (10, 20)})
    assert behind.status is beyond.status is Status.FAILED
    assert "5 records of in/0 are gone" in behind.found
    assert "which ends at 20" in beyond.found


def described(group_type: ConsumerGroupType, *hosts: str) -> SimpleNamespace:
    """Return what the client tells of a group whose members run there."""
    members = [SimpleNamespace(host=host) for host in hosts]
    return SimpleNamespace(state=ConsumerGroupState.STABLE, type=group_type, members=members)


def test_members_that_speak_the_other_protocol_are_warned_of() -> None:
    newer = described(ConsumerGroupType.CONSUMER, "/10.0.0.1", "/10.0.0.2")
    assert members("g", newer, "consumer") == Note(
        Status.PASSED, "g has 2 members, is stable, and speaks the consumer protocol"
    )
    other = members("g", newer, "classic")
    assert other.status is Status.WARNING
    assert "REVIEWS_GROUP_PROTOCOL" in other.fix
    assert members("g", described(ConsumerGroupType.CONSUMER), "classic").status is Status.PASSED


def test_a_member_on_this_machine_may_have_the_same_transactional_id() -> None:
    assert namesake("g-here", {"10.0.0.2"}, {"10.0.0.1"}).status is Status.SKIPPED
    note = namesake("g-here", {"10.0.0.1"}, {"10.0.0.1"})
    assert note.status is Status.WARNING
    assert "REVIEWS_INSTANCE" in note.fix


def test_a_group_is_as_far_behind_as_all_its_partitions_are() -> None:
    (note,) = positions("g", "in", {0: 12}, {0: (10, 20), 1: (5, 9)})
    assert note.status is Status.PASSED
    assert "12 records are still to be read" in note.found
    (new,) = positions("g", "in", {}, {0: (10, 20)})
    assert "--start" in new.found


def test_a_review_from_the_future_tells_that_clocks_differ() -> None:
    assert compared(NOW_S - 1_000, NOW_S).status is Status.PASSED
    assert compared(NOW_S + 0.5, NOW_S).status is Status.PASSED
    ahead = compared(NOW_S + 90, NOW_S)
    assert ahead.status is Status.WARNING
    assert "90.0 s from the future" in ahead.found
