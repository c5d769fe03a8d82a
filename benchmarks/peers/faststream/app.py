"""FastStream on confluent-kafka: a subscriber that labels one review, or a batch of them, and publishes."""

import asyncio

from faststream import AckPolicy, FastStream
from faststream.confluent import KafkaBroker, KafkaPublishMessage
from faststream.confluent.annotations import KafkaMessage
from pydantic import BaseModel

from benchmarks.peers.assignment import Assignment, label_of
from benchmarks.peers.classifier import load_classifier

BATCH_RECORDS_MAX = 500

assignment = Assignment.from_environment()
classify = load_classifier(assignment.model, assignment.scorer)
broker = KafkaBroker(assignment.bootstrap_servers, logger=None)
reading = {"group_id": assignment.group, "auto_offset_reset": "earliest", "ack_policy": AckPolicy.NACK_ON_ERROR}


class Review(BaseModel):
    """A review as it was submitted."""

    review_id: str
    text: str


async def label_one(review: Review, message: KafkaMessage) -> None:
    """Label one review."""
    raw = message.raw_message
    answer = classify([review.text])[0]
    label = label_of(review.review_id, answer, raw.partition(), raw.offset())
    await broker.publish(label, assignment.output_topic, key=review.review_id.encode())


async def label_many(reviews: list[Review], message: KafkaMessage) -> None:
    """Label a batch of reviews."""
    answers = classify([review.text for review in reviews])
    labels = [
        KafkaPublishMessage(
            label_of(review.review_id, answer, raw.partition(), raw.offset()), key=review.review_id.encode()
        )
        for review, answer, raw in zip(reviews, answers, message.raw_message, strict=True)
    ]
    await broker.publish_batch(*labels, topic=assignment.output_topic)


if assignment.variant == "batch":
    broker.subscriber(assignment.input_topic, batch=True, max_records=BATCH_RECORDS_MAX, **reading)(label_many)
else:
    broker.subscriber(assignment.input_topic, **reading)(label_one)

if __name__ == "__main__":
    asyncio.run(FastStream(broker).run())
