"""Dead letters as Kafka messages: the record as it came, and what was wrong with it in headers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from consumer.scoring.outcome import DeadLetter
from shared.codec import MessageHeaders

APPLICATION = "reviewstream-consumer"
# An exception's words about a huge value may be huge: a dead letter's own headers stay small.
MESSAGE_CHARS_MAX = 500
DEAD_LETTER_PREFIX = "__dlq.errors."
# On a record that was put back: where it stood first, and how often it has failed.
REPLAYED_PREFIX = "__dlq.replayed."
# Offsets are 64 bits wide.
MAX_DIGITS = 19


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """One message to be produced; `timestamp_ms` 0 lets the client stamp it."""

    key: bytes | str | None
    value: bytes | None
    headers: MessageHeaders
    timestamp_ms: int = 0


def dead_letter_message(dead_letter: DeadLetter, model_digest: str, failed_at: datetime) -> OutgoingMessage:
    """Return the record as it came, key, value, headers and time stamp untouched, with what was wrong in headers.

    What was wrong with a replayed record before is replaced; `attempts` counts on.
    """
    record = dead_letter.record
    kept = (record.headers() if dead_letter.headers is None else dead_letter.headers) or ()
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
        "attempts": str(whole_number(read_headers(kept, REPLAYED_PREFIX).get("attempts"), 0) + 1),
    }
    headers: MessageHeaders = [pair for pair in kept if not pair[0].startswith(DEAD_LETTER_PREFIX)]
    headers += [(DEAD_LETTER_PREFIX + name, text.encode("utf-8", "replace")) for name, text in wrong.items()]
    return OutgoingMessage(record.key(), record.value(), headers, max(0, record.timestamp()[1]))


def read_dead_letter_headers(headers: Sequence[tuple[str, bytes | None]] | None) -> dict[str, str]:
    """Return what a dead letter's headers say was wrong, by name without the prefix."""
    return read_headers(headers, DEAD_LETTER_PREFIX)


def read_headers(headers: Sequence[tuple[str, bytes | None]] | None, prefix: str) -> dict[str, str]:
    """Return the headers whose name starts with a prefix, by name without it."""
    return {
        name.removeprefix(prefix): (content or b"").decode("utf-8", "replace")
        for name, content in headers or ()
        if name.startswith(prefix)
    }


def whole_number(text: str | None, otherwise: int) -> int:
    """Return what a header says as a number, `otherwise` where it is none: anybody can write headers."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS else otherwise
