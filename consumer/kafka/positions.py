"""Where a group stands in its topic, and where a partition is read from: never past a record that has no label."""

from collections.abc import Sequence

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

from consumer.kafka.group import GroupSettings, ask_until_answered
from consumer.scoring.record import Partition
from shared.errors import ConfigurationError

OFFSET_REQUEST_S = 10.0


def start_positions(
    consumer: Consumer, group: GroupSettings, partitions: Sequence[TopicPartition]
) -> list[tuple[TopicPartition, int]]:
    """Return what to assign, and the offset that is: the group's own, or the first there is.

    Raises ConfigurationError where the group stands outside of what the topic holds.
    """
    committed = committed_offsets(consumer, partitions)
    positions = []
    for partition in committed:
        low, high = watermarks(consumer, partition)
        if partition.offset < 0:
            # A new group reads from the start, if it is not to start at the end; so does an old one a partition that
            # came later: nobody has read it.
            positions.append((TopicPartition(partition.topic, partition.partition, OFFSET_BEGINNING), low))
            continue
        place = (partition.topic, partition.partition)
        if partition.offset < low:
            raise gone(group.group, place, partition.offset, low)
        if partition.offset > high:
            raise beyond(group.group, place, partition.offset, high)
        positions.append((partition, partition.offset))
    return positions


def topic_ends(consumer: Consumer, topic: str) -> dict[Partition, int]:
    """Return the offset behind the last record of each partition that holds any."""
    ends = {}
    for partition in _all_partitions(consumer, topic):
        low, high = watermarks(consumer, partition)
        if high > low:
            ends[topic, partition.partition] = high
    return ends


def committed_offsets(consumer: Consumer, partitions: Sequence[TopicPartition]) -> list[TopicPartition]:
    """Return where the group stands, a negative offset where nowhere; FatalError where the broker does not say."""

    def ask() -> list[TopicPartition]:
        found = consumer.committed(list(partitions), OFFSET_REQUEST_S) if partitions else []
        for partition in found:
            if partition.error is not None:
                raise KafkaException(partition.error)
        return found

    return ask_until_answered("where the group stands", ask)


def watermarks(consumer: Consumer, partition: TopicPartition) -> tuple[int, int]:
    """Return a partition's first offset and the one behind its last; FatalError where the broker does not say."""

    def ask() -> tuple[int, int]:
        found = consumer.get_watermark_offsets(partition, OFFSET_REQUEST_S)
        if found is None:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))  # noqa: SLF001 - librdkafka's local codes start with _
        return found

    return ask_until_answered("where a partition ends", ask)


def gone(group: str, place: Partition, committed: int, low: int) -> ConfigurationError:
    """Return the error that says how many records retention removed before they were labelled."""
    topic, partition = place
    return ConfigurationError(
        f"{low - committed} records of {topic}/{partition} are gone before they were labelled: "
        f"the group stands at {committed}, the first record left is {low}",
        hint="retention was shorter than the delay; accept the loss by moving the group "
        f"({_reset(group, 'earliest')}), then start again",
    )


def beyond(group: str, place: Partition, committed: int, high: int) -> ConfigurationError:
    """Return the error of a group that stands behind a partition's end."""
    topic, partition = place
    return ConfigurationError(
        f"group {group} stands at {committed} of {topic}/{partition}, which ends at {high}: the "
        "topic was made anew, or the group is another stream's",
        hint=f"name a --group of its own, or move it: {_reset(group, 'earliest')}",
    )


def pin_latest(consumer: Consumer, topic: str) -> None:
    """Commit the end of every partition as a new group's start; does nothing where the group stands anywhere.

    Before the group is joined, and for every partition at once: whoever is assigned one later, or one that was added
    later, can tell a new group from an old one. Of two members that start at the same moment the broker may refuse the
    second; by then the first has said where the group stands.
    """
    everywhere = _all_partitions(consumer, topic)

    def pin() -> None:
        if any(partition.offset >= 0 for partition in committed_offsets(consumer, everywhere)):
            return
        for partition in everywhere:
            _, partition.offset = watermarks(consumer, partition)
        consumer.commit(offsets=everywhere, asynchronous=False)

    ask_until_answered("that it knows where the group starts", pin)


def _all_partitions(consumer: Consumer, topic: str) -> list[TopicPartition]:
    metadata = ask_until_answered("which partitions there are", lambda: consumer.list_topics(topic, OFFSET_REQUEST_S))
    return [TopicPartition(topic, number) for number in sorted(metadata.topics[topic].partitions)]


def _reset(group: str, to: str) -> str:
    return f"kafka-consumer-groups --group {group} --reset-offsets --to-{to}"
