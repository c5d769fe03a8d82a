"""What a member answers its group: it gives partitions up and takes others, from within `poll`."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol, TypeAlias

from confluent_kafka import Consumer, TopicPartition

GroupAnswer: TypeAlias = Callable[[Consumer, list[TopicPartition]], None]


class GroupObserver(Protocol):
    """Told when partitions come and go."""

    def rebalanced(self, kind: str, partitions: int, assigned: int) -> None:
        """`kind` is assigned, revoked or lost; `assigned` is how many partitions are held now."""
        ...


def answer_within(context: Callable[[], AbstractContextManager[None]], answer: GroupAnswer) -> GroupAnswer:
    """Return an answer that is given within a context of its own each time."""

    def give(consumer: Consumer, partitions: list[TopicPartition]) -> None:
        with context():
            answer(consumer, partitions)

    return give
