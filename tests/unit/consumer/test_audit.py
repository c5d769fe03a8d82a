"""The proof that nothing is lost must fail when something is."""

from datetime import UTC, datetime

from consumer.kafka.audit import Audit, AuditResult
from consumer.kafka.range_reader import StoredMessage
from shared.codec import encode_label
from shared.reviews import Label, Source
from tests.support.fake_scorer import MODEL

TOPIC = "reviews"
NOW = datetime(2024, 1, 1, tzinfo=UTC)


def stored(partition: int, offset: int, value: bytes = b"", wrong: dict[str, str] | None = None) -> StoredMessage:
    headers = tuple((f"__dlq.errors.{name}", text.encode()) for name, text in (wrong or {}).items())
    return StoredMessage(partition, offset, None, value, headers, 0)


def label_of(partition: int, offset: int, topic: str = TOPIC) -> StoredMessage:
    label = Label("r", "positive", 0.9, {"positive": 0.9}, MODEL, NOW, Source(topic, partition, offset))
    return stored(0, 0, encode_label(label))


def letter_of(partition: int, offset: int, topic: str = TOPIC) -> StoredMessage:
    return stored(0, 0, wrong={"topic": topic, "partition": str(partition), "offset": str(offset)})


def audit_of(inputs: list[tuple[int, int]], ranges: dict[int, tuple[int, int]] | None = None) -> Audit:
    audit = Audit(TOPIC, ranges or {0: (10, 14), 1: (0, 2)})
    audit.add_inputs(stored(partition, offset) for partition, offset in inputs)
    return audit


ALL = [(0, 10), (0, 11), (0, 12), (0, 13), (1, 0), (1, 1)]


def test_it_holds_when_every_input_has_one_label_or_one_dead_letter() -> None:
    audit = audit_of(ALL)
    for place in ALL[:-1]:
        audit.add_label(label_of(*place))
    audit.add_dead_letter(letter_of(*ALL[-1]))
    assert audit.result() == AuditResult(inputs=6, labelled=5, dead_lettered=1, missing=0, repeated=0)
    assert audit.result().holds


def test_an_input_without_an_answer_is_missing() -> None:
    audit = audit_of(ALL)
    for place in ALL[1:]:
        audit.add_label(label_of(*place))
    assert audit.result().missing == 1
    assert not audit.result().holds


def test_an_input_labelled_twice_is_repeated_and_counted_once() -> None:
    audit = audit_of(ALL)
    for place in [*ALL, ALL[2], ALL[2]]:
        audit.add_label(label_of(*place))
    assert audit.result() == AuditResult(inputs=6, labelled=6, dead_lettered=0, missing=0, repeated=1)
    assert not audit.result().holds


def test_an_input_both_labelled_and_dead_lettered_is_repeated() -> None:
    audit = audit_of(ALL[:1])
    audit.add_label(label_of(0, 10))
    audit.add_dead_letter(letter_of(0, 10))
    assert audit.result() == AuditResult(inputs=1, labelled=1, dead_lettered=1, missing=0, repeated=1)


def test_an_answer_given_a_thousand_times_is_still_one_repeated_input() -> None:
    audit = audit_of(ALL[:1])
    for _ in range(1000):
        audit.add_label(label_of(0, 10))
        audit.add_dead_letter(letter_of(0, 10))
    assert audit.result() == AuditResult(inputs=1, labelled=1, dead_lettered=1, missing=0, repeated=1)


def test_offsets_that_hold_no_record_are_no_inputs() -> None:
    audit = audit_of([(0, 10), (0, 13)])
    audit.add_label(label_of(0, 10))
    audit.add_label(label_of(0, 13))
    assert audit.result() == AuditResult(inputs=2, labelled=2, dead_lettered=0, missing=0, repeated=0)


def test_answers_to_other_topics_partitions_and_offsets_do_not_count() -> None:
    audit = audit_of(ALL)
    for place in ((0, 9), (0, 14), (1, 2), (2, 0), (1, -1)):
        audit.add_label(label_of(*place))
        audit.add_dead_letter(letter_of(*place))
    for place in ALL:
        audit.add_label(label_of(*place, topic="another"))
        audit.add_dead_letter(letter_of(*place, topic="another"))
    assert audit.result() == AuditResult(inputs=6, labelled=0, dead_lettered=0, missing=6, repeated=0)


def test_an_empty_range_holds() -> None:
    audit = audit_of([], {0: (5, 5)})
    assert audit.result() == AuditResult(0, 0, 0, 0, 0)
    assert audit.result().holds
