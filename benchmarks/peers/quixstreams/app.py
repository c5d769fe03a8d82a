"""Quix Streams: a StreamingDataFrame that labels each review as it comes."""

from typing import Any

from quixstreams import Application, message_context

from benchmarks.peers.assignment import Assignment, label_of
from benchmarks.peers.classifier import load_classifier


def main() -> None:
    """Label reviews until killed."""
    assignment = Assignment.from_environment()
    classify = load_classifier(assignment.model, assignment.scorer)

    def label(review: dict[str, Any]) -> dict[str, Any]:
        context = message_context()
        return label_of(review["review_id"], classify([review["text"]])[0], context.partition, context.offset)

    application = Application(
        broker_address=assignment.bootstrap_servers,
        consumer_group=assignment.group,
        auto_offset_reset="earliest",
        processing_guarantee=assignment.variant,
        state_dir=assignment.state,
        loglevel="WARNING",
    )
    reviews = application.topic(assignment.input_topic, value_deserializer="json")
    labels = application.topic(assignment.output_topic, value_serializer="json")
    application.dataframe(reviews).apply(label).to_topic(labels)
    application.run()


if __name__ == "__main__":
    main()
