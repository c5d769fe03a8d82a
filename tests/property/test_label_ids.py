"""The audit's way to an id is another than the consumer's: both must end at the same."""

from hypothesis import given
from hypothesis import strategies as st

from consumer.kafka.label_ids import KEPT_MAX, LabelIds
from shared.codec import label_id
from shared.reviews import Source

IDS = LabelIds()


@given(st.text(), st.integers(0, 1 << 31), st.integers(0, 1 << 63), st.text())
def test_a_labels_right_id_is_the_one_that_it_was_given(topic: str, partition: int, offset: int, digest: str) -> None:
    for number in (0, offset):
        expected = label_id(topic, partition, number, digest).encode()
        assert IDS.right_id(Source(topic, partition, number), digest) == expected


def test_memory_is_bounded_however_many_models_there_are() -> None:
    ids = LabelIds()
    for number in range(2 * KEPT_MAX + 1):
        assert ids.right_id(Source("reviews", 0, 1), str(number)) == label_id("reviews", 0, 1, str(number)).encode()
    assert len(ids._namespaces) <= KEPT_MAX
