"""Dead letters as Kafka messages: the record as it came, and what was wrong with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from consumer.scoring.outcome import DeadLetter
from consumer.scoring.record import Record, readable_headers
from shared.errors import RecordError

APPLICATION = "reviewstream-consumer"
# An exception's words about a huge value may be huge: a dead letter's own headers stay small.
MESSAGE_CHARS_MAX = 500
DEAD_LETTER_PREFIX = "__dlq.errors."

MessageHeaders = list[tuple[str, str | bytes | None]]


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """One message to be produced; `timestamp_ms` 0 lets the client stamp it."""

    key: bytes | str | None
    value: bytes | None
    headers: MessageHeaders
    timestamp_ms: int = 0


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
