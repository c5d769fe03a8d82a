"""The three topics: names that differ, and how each one must be."""

import pytest

from shared.errors import ConfigurationError
from shared.topics import TopicSettings


@pytest.mark.parametrize(
    ("reviews", "labels", "letters"), [("a", "a", "b"), ("a", "b", "a"), ("b", "a", "a"), ("a", "a.dlq", "")]
)
def test_topics_that_would_feed_themselves_are_refused(reviews: str, labels: str, letters: str) -> None:
    with pytest.raises(ConfigurationError, match="must differ") as caught:
        TopicSettings(reviews, labels, letters)
    assert "--dead-letter-topic" in caught.value.hint


def test_dead_letters_go_beside_the_input_unless_named() -> None:
    assert TopicSettings(input_topic="a").dead_letters == "a.dlq"
    assert TopicSettings(input_topic="a", dead_letter_topic="lost").dead_letters == "lost"


def test_input_and_output_have_the_same_partitions_and_dead_letters_one() -> None:
    specs = TopicSettings(input_topic="a", output_topic="b", partitions=12).specs()
    assert [(spec.name, spec.partitions) for spec in specs] == [("a", 12), ("b", 12), ("a.dlq", 1)]


def test_dead_letters_are_kept_longer_and_may_be_larger_than_their_records() -> None:
    reviews, labels, letters = TopicSettings(retention_days=0.5, dead_letter_retention_days=2).specs()
    assert reviews.config["retention.ms"] == labels.config["retention.ms"] == "43200000"
    assert letters.config["retention.ms"] == "172800000"
    assert int(letters.config["max.message.bytes"]) > 1_048_588
    assert "max.message.bytes" not in reviews.config


@pytest.mark.parametrize(("copies", "in_sync"), [(1, "1"), (2, "1"), (3, "2")])
def test_an_acknowledged_label_survives_the_loss_of_one_broker_where_there_are_copies(
    copies: int, in_sync: str
) -> None:
    for spec in TopicSettings(replication_factor=copies).specs():
        assert spec.replication_factor == copies
        assert spec.config["min.insync.replicas"] == in_sync
        assert spec.config["cleanup.policy"] == "delete"
