"""Records to reviews: a record that can't be read becomes a dead letter, its neighbours go on."""

from collections.abc import Sequence

from consumer.scoring.outcome import DeadLetter, Labelled
from consumer.scoring.record import Record, readable_headers
from shared.codec import decode_review
from shared.errors import RecordError


def decode(records: Sequence[Record], value_bytes_max: int) -> tuple[list[Labelled], list[DeadLetter]]:
    """Return what can be scored and what can't, both in order of arrival; values over `value_bytes_max` are refused."""
    readable: list[Labelled] = []
    dead_letters: list[DeadLetter] = []
    for record in records:
        try:
            headers = readable_headers(record)
        except RecordError as error:
            dead_letters.append(DeadLetter(record, error.reason, str(error), "decode", headers=()))
            continue
        try:
            review = decode_review(record.value(), headers, value_bytes_max)
        except RecordError as error:
            dead_letters.append(DeadLetter(record, error.reason, str(error), "decode"))
        else:
            readable.append(Labelled(record, review))
    return readable, dead_letters
