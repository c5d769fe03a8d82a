"""Labels as Kafka messages."""

from collections.abc import Iterator
from dataclasses import dataclass

from consumer.scoring.outcome import Outcome
from consumer.scoring.record import Record
from shared.codec import encode_label, label_headers, label_id
from shared.reviews import Label, Source

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


def _traceparent(record: Record) -> bytes | None:
    for name, content in record.headers() or ():
        if name == "traceparent":
            return content
    return None
