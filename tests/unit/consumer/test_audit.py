"""The proof that nothing is lost must fail when something is."""

from dataclasses import replace

import pytest

from consumer.kafka.audit import Audit
from consumer.kafka.audit_result import AuditResult, Finding, Place
from shared.errors import Reason
from tests.support.answers import by_model, labels_of, letter_of
from tests.support.memory_records import TOPIC, MemoryRecord, review_value, reviews

RANGES = {0: (10, 14), 1: (0, 2)}
ALL = [*reviews(4, 0, 10), *reviews(2, 1)]


def audit_of(inputs: list[MemoryRecord], ranges: dict[int, tuple[int, int]] | None = None, shown: int = 20) -> Audit:
    audit = Audit(TOPIC, ranges or RANGES, shown)
    audit.add_inputs(inputs)
    return audit


def found(audit: Audit) -> dict[Finding, int]:
    return {finding: count for finding, count in audit.result().counts.items() if count}


def test_it_holds_when_every_input_has_one_label_or_one_dead_letter() -> None:
    audit = audit_of(ALL)
    audit.add_labels(labels_of(ALL[:-1]))
    audit.add_dead_letters([letter_of(ALL[-1])])
    result = audit.result()
    assert (result.inputs, result.labelled, result.dead_lettered) == (6, 5, 1)
    assert found(audit) == {}
    assert result.holds


def test_answers_may_come_before_their_inputs() -> None:
    audit = audit_of([])
    audit.add_labels(labels_of(ALL))
    audit.add_inputs(ALL)
    assert audit.result().holds


def test_an_input_without_an_answer_is_missing_and_named() -> None:
    audit = audit_of(ALL)
    audit.add_labels(labels_of(ALL[1:]))
    assert found(audit) == {Finding.MISSING: 1}
    assert audit.result().examples == {Finding.MISSING: (Place(TOPIC, 0, 10),)}
    assert not audit.result().holds


def test_a_label_repeated_under_the_same_id_fails_unless_that_is_tolerated() -> None:
    audit = audit_of(ALL)
    audit.add_labels([*labels_of(ALL), *labels_of(ALL[2:3] * 2)])
    assert found(audit) == {Finding.REPEATED_SAME_ID: 1}
    assert audit.result().labelled == 6
    assert not audit.result().holds
    assert audit.result([Finding.REPEATED_SAME_ID]).holds


def test_a_label_repeated_by_another_model_has_another_id_and_fails_whatever_is_tolerated() -> None:
    audit = audit_of(ALL)
    labels = labels_of(ALL)
    audit.add_labels([*labels, labels[1], by_model(labels[1], "d2" * 32)])
    assert found(audit) == {Finding.REPEATED_OTHER_ID: 1}
    assert not audit.result([Finding.REPEATED_SAME_ID]).holds


def test_repeats_are_told_apart_however_many_models_there_were() -> None:
    audit = audit_of(ALL[:1], {0: (10, 11)})
    (label,) = labels_of(ALL[:1])
    audit.add_labels(by_model(label, f"model {number}") for number in range(300))
    assert found(audit) == {Finding.REPEATED_OTHER_ID: 1}
    assert len(audit.labels_by_model) == 256
    assert audit.labels_by_model["others"] == 300 - 255
    audit = audit_of(ALL[:2], {0: (10, 12)})
    audit.add_labels(by_model(label, f"model {number}") for number in range(260))
    audit.add_labels(by_model(labels_of(ALL[1:2])[0], digest) for digest in ("model 258", "model 259"))
    assert found(audit) == {Finding.REPEATED_OTHER_ID: 2}


@pytest.mark.parametrize("pairs", [[], [("ce_id", b"6f0f6b0c-52b6-5b2c-9a55-0d9c6a1f7d11")], [("ce_id", None)]])
def test_a_label_whose_id_is_not_the_one_of_its_source_and_model_fails(
    pairs: list[tuple[str, bytes | None]],
) -> None:
    audit = audit_of(ALL)
    labels = labels_of(ALL)
    audit.add_labels([replace(labels[0], pairs=pairs), *labels[1:]])
    assert found(audit) == {Finding.WRONG_ID: 1}
    assert not audit.result().holds


def test_a_repeat_under_a_wrong_id_is_a_repeat_under_another() -> None:
    audit = audit_of(ALL)
    labels = labels_of(ALL)
    audit.add_labels([*labels, replace(labels[0], pairs=[])])
    assert found(audit) == {Finding.WRONG_ID: 1, Finding.REPEATED_OTHER_ID: 1}


def test_an_input_both_labelled_and_dead_lettered_fails_whatever_is_tolerated() -> None:
    audit = audit_of(ALL)
    audit.add_labels(labels_of(ALL))
    audit.add_dead_letters([letter_of(ALL[0])])
    assert found(audit) == {Finding.LABELLED_AND_DEAD_LETTERED: 1}
    assert not audit.result([Finding.REPEATED_SAME_ID]).holds


def test_a_repeated_dead_letter_is_a_repeat_under_the_same_id() -> None:
    audit = audit_of(ALL)
    audit.add_labels(labels_of(ALL[1:]))
    audit.add_dead_letters([letter_of(ALL[0], Reason.NOT_JSON)] * 3)
    assert found(audit) == {Finding.REPEATED_SAME_ID: 1}


def test_an_input_that_went_wrong_in_several_ways_is_counted_once_as_repeated() -> None:
    audit = audit_of(ALL)
    labels = labels_of(ALL)
    audit.add_labels([*labels, labels[0], by_model(labels[0], "other")] * 500)
    audit.add_dead_letters([letter_of(ALL[0])] * 500)
    assert audit.result().count(Finding.LABELLED_AND_DEAD_LETTERED) == 1
    assert audit.result().repeated == 6


def test_offsets_that_hold_no_record_are_no_inputs_and_their_answers_are_strays() -> None:
    audit = audit_of([ALL[0], ALL[3]])
    audit.add_labels(labels_of([ALL[0], ALL[3]]))
    assert audit.result().inputs == 2
    assert audit.result().holds
    audit.add_dead_letters([letter_of(ALL[1])])
    assert found(audit) == {Finding.STRAY: 1}
    assert audit.result().examples[Finding.STRAY] == (Place(TOPIC, 0, 11),)


def test_answers_to_other_topics_partitions_and_offsets_do_not_count() -> None:
    audit = audit_of(ALL)
    elsewhere = [
        *(
            MemoryRecord(review_value("r"), partition, offset)
            for partition, offset in ((0, 9), (0, 14), (1, 2), (2, 0))
        ),
        *(replace(record, in_topic="another") for record in ALL),
    ]
    audit.add_labels(labels_of(elsewhere))
    audit.add_dead_letters(letter_of(record) for record in elsewhere)
    assert found(audit) == {Finding.MISSING: 6}
    assert audit.result().elsewhere == 2 * len(elsewhere)


@pytest.mark.parametrize("value", [None, b"", b"{", b"[]", b'{"source": 1}', b"\xff", b"[" * 10_000])
def test_what_is_no_label_in_the_output_topic_is_unreadable_and_named_by_its_own_place(value: bytes | None) -> None:
    audit = audit_of(ALL)
    audit.add_labels([*labels_of(ALL), MemoryRecord(value, 2, 77, in_topic="labels")])
    assert found(audit) == {Finding.UNREADABLE: 1}
    assert audit.result().examples[Finding.UNREADABLE] == (Place("labels", 2, 77, "no label"),)


@pytest.mark.parametrize("offset", [b"-1", b"", b"one", b"9" * 5000, "٣".encode()])
def test_a_dead_letter_that_names_no_source_is_unreadable(offset: bytes) -> None:
    audit = audit_of(ALL)
    audit.add_labels(labels_of(ALL))
    letter = letter_of(ALL[0])
    pairs = [(name, offset if name == "__dlq.errors.offset" else content) for name, content in letter.pairs or ()]
    audit.add_dead_letters([replace(letter, pairs=pairs)])
    assert found(audit) == {Finding.UNREADABLE: 1}


def test_so_many_places_are_named_as_was_asked_for() -> None:
    audit = audit_of(ALL, shown=3)
    result = audit.result()
    assert result.count(Finding.MISSING) == 6
    assert [place.offset for place in result.examples[Finding.MISSING]] == [10, 11, 12]
    assert audit.result() == result
    assert not audit_of(ALL, shown=0).result().examples


def test_labels_are_counted_by_model() -> None:
    audit = audit_of(ALL)
    labels = labels_of(ALL)
    audit.add_labels([*labels[1:], by_model(labels[0], "d2")])
    assert audit.labels_by_model == {"d1" * 32: 5, "d2": 1}


def test_an_empty_range_holds() -> None:
    audit = audit_of([], {0: (5, 5), 1: (7, 3)})
    assert audit.result() == AuditResult(0, 0, 0, dict.fromkeys(Finding, 0))
    assert audit.result().holds


def test_memory_is_three_bytes_an_input_whatever_is_found() -> None:
    audit = Audit(TOPIC, {0: (0, 100_000)})
    sizes = sum(flags.buffer_info()[1] * flags.itemsize for flags in audit._flags.values())
    assert sizes + sum(map(len, audit._models.values())) == 300_000
