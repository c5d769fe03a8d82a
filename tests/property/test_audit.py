"""Whatever answers stand in the topics, the audit finds what plain counting finds."""

from collections import Counter, defaultdict
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from consumer.kafka.audit import Audit
from consumer.kafka.audit_result import Finding
from tests.support.answers import by_model, labels_of, letter_of
from tests.support.memory_records import TOPIC, MemoryRecord, review_value

RANGES = {0: (3, 7), 1: (0, 2)}
PLACES = [(partition, offset) for partition, (start, end) in RANGES.items() for offset in range(start, end)]
MODELS = ("m1", "m2", "m3")
DEAD_LETTER = "dead letter"

answers = st.lists(
    st.tuples(st.sampled_from([*PLACES, (0, 2), (0, 7), (2, 0)]), st.sampled_from([*MODELS, DEAD_LETTER]))
)


@dataclass(frozen=True)
class Plain:
    """Answers by place, counted the plain way."""

    there: set[tuple[int, int]]
    given: dict[tuple[int, int], Counter[str]]

    def counts(self) -> dict[Finding, int]:
        """Return what is wrong with the places of the range."""
        found: Counter[Finding] = Counter()
        for place in PLACES:
            kinds = self.given[place]
            models = kinds.keys() - {DEAD_LETTER}
            if place not in self.there:
                found[Finding.STRAY] += bool(kinds)
            elif not kinds:
                found[Finding.MISSING] += 1
            elif models and DEAD_LETTER in kinds:
                found[Finding.LABELLED_AND_DEAD_LETTERED] += 1
            elif len(models) > 1:
                found[Finding.REPEATED_OTHER_ID] += 1
            elif kinds.total() > 1:
                found[Finding.REPEATED_SAME_ID] += 1
        return {finding: count for finding, count in found.items() if count}


@given(st.sets(st.sampled_from(PLACES)), answers)
def test_what_is_found_is_what_plain_counting_finds(
    there: set[tuple[int, int]], given_answers: list[tuple[tuple[int, int], str]]
) -> None:
    audit = Audit(TOPIC, RANGES)
    plain = Plain(there, defaultdict(Counter))
    inputs = [MemoryRecord(review_value("r"), *place) for place in sorted(there)]
    for place, kind in given_answers:
        plain.given[place][kind] += 1
        record = MemoryRecord(review_value("r"), *place)
        if kind == DEAD_LETTER:
            audit.add_dead_letters([letter_of(record)])
        else:
            audit.add_labels([by_model(labels_of([record])[0], kind)])
    audit.add_inputs(inputs)
    result = audit.result()
    assert {finding: count for finding, count in result.counts.items() if count} == plain.counts()
    assert result.inputs == len(there)
    assert result.inputs == result.labelled + result.dead_lettered + result.missing - result.count(
        Finding.LABELLED_AND_DEAD_LETTERED
    )
    assert result.holds is (not plain.counts())
