"""Records to reviews: a record that can't be read becomes a dead letter, its neighbours go on."""

from collections.abc import Sequence

from consumer.scoring.outcome import DeadLetter, ReadableRecords
from consumer.scoring.record import Record, readable_headers
from shared.codec import decode_value, read_headers
from shared.errors import RecordError

STAGE = "decode"


def decode(records: Sequence[Record], value_bytes_max: int) -> tuple[ReadableRecords, list[DeadLetter]]:
    """Return what can be scored and what can't, both in order of arrival; values over `value_bytes_max` are refused."""
    readable = ReadableRecords()
    dead_letters: list[DeadLetter] = []
    add_record, add_review, add_trace = readable.records.append, readable.reviews.append, readable.traceparents.append
    for record in records:
        try:
            headers = readable_headers(record)
        except RecordError as error:
            dead_letters.append(DeadLetter(record, error.reason, str(error), STAGE, headers=()))
            continue
        try:
            trace = read_headers(headers) if headers else None
            review = decode_value(record.value(), value_bytes_max)
        except RecordError as error:
            dead_letters.append(DeadLetter(record, error.reason, str(error), STAGE))
        else:
            add_record(record)
            add_review(review)
            add_trace(trace)
    return readable, dead_letters
