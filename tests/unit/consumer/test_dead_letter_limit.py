"""When dead letters are so many that the consumer stops instead of writing them."""

import pytest

from consumer.scoring.dead_letter_limit import DeadLetterBounds, DeadLetterLimit
from consumer.scoring.outcome import DeadLetter
from shared.errors import ConfigurationError, Reason
from tests.support.memory_records import MemoryRecord


def check(limit: DeadLetterLimit, pattern: str) -> None:
    """Check one batch: a dot for each record that could be read, an x for each that could not."""
    records = [MemoryRecord(at_offset=offset) for offset in range(len(pattern))]
    letters = [
        DeadLetter(record, Reason.NOT_JSON, "no good", "decode")
        for record, kind in zip(records, pattern, strict=True)
        if kind == "x"
    ]
    limit.check(records, letters)


def test_dead_letters_in_a_row_are_counted_across_batches() -> None:
    limit = DeadLetterLimit(DeadLetterBounds(consecutive=5, ratio=1))
    check(limit, "..xx")
    check(limit, "xx..")
    check(limit, "xxxx")
    with pytest.raises(ConfigurationError, match="5 records in a row can't be used; the last reason is not_json"):
        check(limit, "x")


def test_a_record_that_could_be_read_ends_the_row() -> None:
    limit = DeadLetterLimit(DeadLetterBounds(consecutive=3, ratio=1))
    for _ in range(50):
        check(limit, "xx.xx.")


def test_a_row_in_the_middle_of_a_batch_counts_too() -> None:
    limit = DeadLetterLimit(DeadLetterBounds(consecutive=3, ratio=1))
    with pytest.raises(ConfigurationError, match="3 records in a row") as caught:
        check(limit, "..xxx...")
    assert "--dead-letters-in-a-row-max" in caught.value.hint


def test_a_share_counts_once_there_are_enough_records() -> None:
    limit = DeadLetterLimit(DeadLetterBounds(consecutive=1000, ratio=0.2, window_records=100))
    for _ in range(9):
        check(limit, "x.x.x.x.x.")
    with pytest.raises(ConfigurationError, match="50 of the last 100 records") as caught:
        check(limit, "x.x.x.x.x.")
    assert "--dead-letter-ratio-max" in caught.value.hint


def test_what_lies_behind_the_window_is_forgotten() -> None:
    limit = DeadLetterLimit(DeadLetterBounds(consecutive=1000, ratio=0.2, window_records=100))
    for _ in range(9):
        check(limit, "xx........")
    for _ in range(1000):
        check(limit, "x.........")
        check(limit, "xx........")


def test_a_rewind_starts_the_count_anew() -> None:
    limit = DeadLetterLimit(DeadLetterBounds(consecutive=3, ratio=1))
    check(limit, "xx")
    limit.forget()
    check(limit, "xx")


def test_one_percent_of_corrupt_events_is_no_outage() -> None:
    limit = DeadLetterLimit(DeadLetterBounds())
    for _ in range(500):
        check(limit, "." * 99 + "x")
