"""Labels and dead letters as they are read back, made of the very messages that the consumer writes."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

import msgspec

from consumer.kafka.dead_letters import OutgoingMessage, dead_letter_message
from consumer.kafka.labels import LabelWriter
from consumer.scoring.outcome import DeadLetter
from shared.codec import decode_label, encode_label, label_headers, label_id
from shared.errors import Reason
from tests.support.fake_scorer import outcome_of
from tests.support.memory_records import MemoryRecord

LABELS = "labels"
LETTERS = "letters"
FAILED_AT = datetime(2024, 5, 6, 7, 0, tzinfo=UTC)


def read_back(message: OutgoingMessage, topic: str, offset: int = 0, partition: int = 0) -> MemoryRecord:
    """Return a message as a reader of its topic gets it."""
    pairs = [(name, text.encode() if isinstance(text, str) else text) for name, text in message.headers]
    key = message.key.encode() if isinstance(message.key, str) else message.key
    return MemoryRecord(message.value, partition, offset, key, pairs, message.timestamp_ms, topic)


def labels_of(records: Iterable[MemoryRecord]) -> list[MemoryRecord]:
    """Return the labels that FakeScorer's model gives, one after the other in one partition."""
    # A batch for each: those of a batch share a topic.
    messages = [message for record in records for message in LabelWriter().messages(outcome_of([record]))]
    return [read_back(OutgoingMessage(*message), LABELS, offset) for offset, message in enumerate(messages)]


def changed(label: MemoryRecord, /, **fields: object) -> MemoryRecord:
    """Return a label whose event differs; its id stays as it is."""
    event = msgspec.structs.replace(decode_label(label.content or b""), **fields)
    return replace(label, content=encode_label(event))


def by_model(label: MemoryRecord, digest: str) -> MemoryRecord:
    """Return a label as another model would have given it, its id included."""
    event = decode_label(label.content or b"")
    event = msgspec.structs.replace(event, model=msgspec.structs.replace(event.model, digest=digest))
    source = event.source
    headers = label_headers(label_id(source.topic, source.partition, source.offset, digest), None)
    return read_back(OutgoingMessage(label.name, encode_label(event), headers), LABELS, label.at_offset)


def letter_of(record: MemoryRecord, reason: Reason = Reason.SCHEMA, offset: int = 0) -> MemoryRecord:
    """Return a record's dead letter."""
    letter = DeadLetter(record, reason, "no good", "decode")
    return read_back(dead_letter_message(letter, "d1", FAILED_AT), LETTERS, offset)
