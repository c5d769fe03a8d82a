"""Outcomes as Kafka messages: the label of a review, the dead letter of a record."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from consumer.scoring.outcome import DeadLetter, Outcome
from consumer.scoring.record import Record, readable_headers
from shared.codec import encode_label, label_headers, label_id
from shared.errors import RecordError
from shared.reviews import Label, Source

APPLICATION = "reviewstream-consumer"
# An exception's words about a huge value may be huge: a dead letter's own headers stay small.
MESSAGE_CHARS_MAX = 500
DEAD_LETTER_PREFIX = "__dlq.errors."

MessageHeaders = list[tuple[str, str | bytes | None]]


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """One message to be produced; `timestamp_ms` 0 lets the client stamp it."""

    key: bytes | None
    value: bytes | None
    headers: MessageHeaders
    timestamp_ms: int = 0


def label_messages(outcome: Outcome) -> Iterator[OutgoingMessage]:
    """Yield the label of each review of the batch that could be read, in order, under the record's own key."""
    scores = outcome.scores
    rows = scores.probabilities.tolist()
    confidences = scores.confidences.tolist()
    for labelled, label, confidence, row in zip(outcome.labelled, scores.labels, confidences, rows, strict=True):
        record = labelled.record
        source = Source(record.topic(), record.partition(), record.offset())
        event = Label(
            review_id=labelled.review.review_id,
            label=label,
            score=confidence,
            scores=dict(zip(scores.classes, row, strict=True)),
            model=scores.model,
            scored_at=outcome.scored_at,
            source=source,
        )
        key = record.key()
        ce_id = label_id(source.topic, source.partition, source.offset, scores.model.digest)
        yield OutgoingMessage(
            key=labelled.review.review_id.encode() if key is None else key,
            value=encode_label(event),
            headers=label_headers(ce_id, _traceparent(record)),
        )


def dead_letter_message(dead_letter: DeadLetter, model_digest: str, failed_at: datetime) -> OutgoingMessage:
    """Return the record as it came, key, value, headers and time stamp untouched, with what was wrong in headers."""
    record = dead_letter.record
    wrong = {
        "reason": dead_letter.reason.value,
        "message": dead_letter.message[:MESSAGE_CHARS_MAX],
        "topic": record.topic(),
        "partition": str(record.partition()),
        "offset": str(record.offset()),
        "stage": dead_letter.stage,
        "app": APPLICATION,
        "model": model_digest,
        "failed_at": failed_at.astimezone(UTC).isoformat(),
        "attempts": "1",
    }
    headers = _kept_headers(record)
    headers += [(DEAD_LETTER_PREFIX + name, text.encode("utf-8", "replace")) for name, text in wrong.items()]
    return OutgoingMessage(record.key(), record.value(), headers, max(0, record.timestamp()[1]))


def read_dead_letter_headers(headers: Sequence[tuple[str, bytes | None]] | None) -> dict[str, str]:
    """Return what a dead letter's headers say was wrong, by name without the prefix."""
    return {
        name.removeprefix(DEAD_LETTER_PREFIX): (content or b"").decode("utf-8", "replace")
        for name, content in headers or ()
        if name.startswith(DEAD_LETTER_PREFIX)
    }


def _kept_headers(record: Record) -> MessageHeaders:
    try:
        return [*(readable_headers(record) or ())]
    except RecordError:
        return []


def _traceparent(record: Record) -> bytes | None:
    for name, content in record.headers() or ():
        if name == "traceparent":
            return content
    return None
