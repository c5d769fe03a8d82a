"""Which records of a topic are meant: by offset, by time, or up to where a group stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from confluent_kafka import Consumer, KafkaException, TopicPartition

from consumer.kafka.range_reader import REQUEST_S, RangeReader, Ranges
from shared.errors import ConfigurationError, InputError, RetriableError
from shared.kafka_client import KafkaSettings, create_client


@dataclass(frozen=True, slots=True)
class RangeRequest:
    """What a person asks for; offsets by partition, without any of it all that the topic holds."""

    starts: Mapping[int, int] = field(default_factory=dict)
    ends: Mapping[int, int] = field(default_factory=dict)
    since: datetime | None = None
    until: datetime | None = None
    group: str | None = None


def choose_ranges(kafka: KafkaSettings, reader: RangeReader, request: RangeRequest) -> dict[int, tuple[int, int]]:
    """Return the offset range of each partition; InputError where one lies outside of what the topic holds."""
    # Asked first: a group that moves on meanwhile has its labels stored, an end that grows later does not matter.
    committed = {} if request.group is None else committed_offsets(kafka, reader, request.group)
    bounds = reader.bounds()
    starts = {} if request.since is None else reader.offsets_at(request.since)
    ends = committed if request.until is None else reader.offsets_at(request.until)
    return ranges_within(reader.topic, bounds, starts | {**request.starts}, ends | {**request.ends})


def ranges_within(
    topic: str, bounds: Ranges, starts: Mapping[int, int], ends: Mapping[int, int]
) -> dict[int, tuple[int, int]]:
    """Return the bounds cut to starts and ends where given; InputError where these are not within the bounds."""
    unknown = sorted((starts.keys() | ends.keys()) - bounds.keys())
    if unknown:
        raise InputError(
            f"{topic} has no partition {unknown[0]}", hint=f"its partitions are 0 to {max(bounds, default=0)}"
        )
    ranges = {}
    for number, (low, high) in bounds.items():
        start, end = starts.get(number, low), ends.get(number, high)
        if start < low or end < low:
            raise InputError(
                f"{topic}/{number} begins at offset {low}: what stood at {min(start, end)} is gone",
                hint=f"retention removed it; start at {number}:{low} or later",
            )
        if start > high or end > high:
            raise InputError(
                f"{topic}/{number} ends before offset {high}, asked for was {max(start, end)}",
                hint=f"end at {number}:{high} or earlier",
            )
        # A start after the end is an empty range: a partition where nothing happened in the time asked for.
        ranges[number] = (start, max(start, end))
    return ranges


def committed_offsets(kafka: KafkaSettings, reader: RangeReader, group: str) -> dict[int, int]:
    """Return how far a group claims to have come in each partition; the first offset where it claims nothing."""
    config = {"group.id": group, "enable.auto.commit": False, "isolation.level": "read_committed"}
    consumer: Consumer = create_client(Consumer, kafka.client_config() | config)
    bounds = reader.bounds()
    try:
        found = consumer.committed([TopicPartition(reader.topic, number) for number in bounds], REQUEST_S)
    except KafkaException as exception:
        raise RetriableError(
            f"the broker did not say where group {group} stands: {exception.args[0].str()}", hint="is it up?"
        ) from exception
    finally:
        consumer.close()
    for place in found:
        if place.error is not None:
            raise RetriableError(f"where group {group} stands is not known: {place.error.str()}", hint="try again")
    if all(place.offset < 0 for place in found):
        raise ConfigurationError(
            f"group {group} has committed nothing in {reader.topic}", hint="--group names the consumer's --group"
        )
    return {place.partition: place.offset if place.offset >= 0 else bounds[place.partition][0] for place in found}
