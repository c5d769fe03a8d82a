"""What one run on a real broker says of its model and of the reviews it read, counted by hand."""

from pathlib import Path

import pytest

from consumer.model.manifest import read_manifest
from consumer.model.tokenising import terms
from shared.codec import encode_review
from shared.kafka_client import KafkaSettings
from shared.reviews import Review
from shared.topics import TopicSettings
from tests.support.memory_records import MemoryRecord
from tests.support.metrics_page import await_value, read_samples
from tests.support.processes import Program, settings_in_environment
from tests.support.topic_writer import store

pytestmark = pytest.mark.kafka

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
TRACE = [("traceparent", f"00-{TRACE_ID}-b7ad6b7169203331-01".encode())]
# Text, stars; the model knows the words of the first four, and none of the fifth: its label is neutral.
REVIEWS = [
    ("What a wonderful story this is", 5.0),
    ("What a dreadful story this is", 1.0),
    ("What a superb camera this is", 1.5),
    ("What an awful soup", 3.0),
    ("zxqv blorp", 1.0),
    ("What a lovely hotel", None),
]


def test_each_quality_metric_moves_as_counted_by_hand(
    kafka: KafkaSettings, topics: TopicSettings, small_model: Path
) -> None:
    store(kafka, topics.input_topic, [*map(stored, range(len(REVIEWS))), MemoryRecord(b"no review", 0, 0)])
    environment = settings_in_environment(kafka, topics) | {
        "REVIEWS_MODEL": str(small_model),
        "REVIEWS_GROUP": topics.input_topic,
    }
    with Program("consumer", ["run"], environment) as consumer:
        port = consumer.wait_for("started")["metrics_port"]
        await_value(port, "reviews_end_to_end_latency_seconds_count", len(REVIEWS) + 1)
        samples = read_samples(port)
        assert consumer.stop() == 0, consumer.said
    found = {(sample.name, *sample.labels.values()): sample.value for sample in samples}
    assert found["reviews_score_count",] == len(REVIEWS)
    # Five are sure, one knows nothing.
    assert 0.5 + 5 * 0.5 < found["reviews_score_sum",] < 0.5 + 5
    assert found["reviews_score_bucket", "0.5"] == 1
    assert found["reviews_text_chars_count",] == len(REVIEWS)
    assert found["reviews_text_chars_sum",] == 30 + 29 + 28 + 18 + 10 + 19
    assert found["reviews_text_chars_bucket", "16.0"] == 1
    known, unknown = (found["reviews_terms_total", value] for value in ("yes", "no"))
    # Words of two letters and more, and their pairs: of five words nine.
    assert known + unknown == 9 + 9 + 9 + 7 + 3 + 5
    assert known == known_terms(small_model) > 10
    assert found["reviews_rated_agreement_total", "yes"] == 2
    assert found["reviews_rated_agreement_total", "no"] == 1
    shares = {label: found["reviews_reference_label_share", label] for label in ("positive", "neutral", "negative")}
    assert {label: share for label, share in shares.items() if share} == read_manifest(small_model).held_out.labels
    exemplars = [sample.exemplar for sample in samples if sample.exemplar]
    assert {"trace_id": TRACE_ID} in [exemplar.labels for exemplar in exemplars]


def stored(number: int) -> MemoryRecord:
    """Return the record of a review, which is part of a trace."""
    text, stars = REVIEWS[number]
    value = encode_review(Review(f"r{number}", text, rating=stars))
    return MemoryRecord(value, 0, 0, pairs=TRACE)


def known_terms(model: Path) -> int:
    """Return how many n-grams of the reviews stand in the model's list of terms."""
    features = read_manifest(model).features
    assert features is not None
    listed = set((model / "terms.txt").read_text("utf-8").splitlines())
    return sum(term in listed for text, _ in REVIEWS for term in terms(text, features))
