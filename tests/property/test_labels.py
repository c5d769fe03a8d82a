"""Labels written a batch at a time are, byte for byte, those that the contract's own encoder writes."""

from datetime import UTC, datetime

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from consumer.kafka.labels import LabelWriter
from consumer.scoring.decoding import decode
from consumer.scoring.outcome import Outcome, Scores
from consumer.scoring.record import Batch
from shared.codec import encode_label, label_headers, label_id
from shared.reviews import Label, Model, Source
from tests.support.memory_records import MemoryRecord, review_value

names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
shares = st.floats(0, 1)
places = st.tuples(names, st.integers(0, 9999), st.integers(0, 2**62), shares)
moments = st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(
    st.lists(places, max_size=12),
    st.lists(names, min_size=1, max_size=4, unique=True),
    st.builds(Model, names, names, names),
    names,
    moments,
)
def test_a_batch_of_labels_is_what_the_contract_says_byte_for_byte(
    rows: list[tuple[str, int, int, float]], classes: list[str], model: Model, topic: str, scored_at: datetime
) -> None:
    records = [
        MemoryRecord(review_value(review_id), partition, offset, in_topic=topic)
        for review_id, partition, offset, _ in rows
    ]
    readable, _ = decode(records, 1_000_000)
    labels = [classes[offset % len(classes)] for _, _, offset, _ in rows]
    probabilities = np.array([[share / (1 + number) for number in range(len(classes))] for *_, share in rows])
    probabilities = probabilities.reshape(len(rows), len(classes))
    confidences = np.array([share for *_, share in rows])
    scores = Scores(model, tuple(classes), labels, confidences, probabilities)
    outcome = Outcome(Batch(records), readable, scores, [], scored_at)
    written = list(LabelWriter().messages(outcome))
    assert len(written) == len(rows)
    for (key, value, headers), (review_id, partition, offset, share), label, row in zip(
        written, rows, labels, probabilities.tolist(), strict=True
    ):
        source = Source(topic, partition, offset)
        expected = Label(review_id, label, share, dict(zip(classes, row, strict=True)), model, scored_at, source)
        assert (key, value) == (review_id, encode_label(expected))
        ce_id = label_id(topic, partition, offset, model.digest)
        assert [(name, text.decode() if isinstance(text, bytes) else text) for name, text in headers] == label_headers(
            ce_id, None
        )
