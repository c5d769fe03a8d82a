"""A hand-written loop: poll, predict, produce, and commit once the labels are at the broker."""

import json
from collections.abc import Sequence

from confluent_kafka import Consumer, KafkaException, Message, Producer

from benchmarks.peers.assignment import Assignment, label_of
from benchmarks.peers.classifier import load_classifier

COMMIT_RECORDS = 100
# What the `batch` variant reads at once; it commits after each read.
BATCH_RECORDS_MAX = 500
WAIT_S = 0.1

assignment = Assignment.from_environment()
classify = load_classifier(assignment.model, assignment.scorer)
consumer = Consumer(
    {
        "bootstrap.servers": assignment.bootstrap_servers,
        "group.id": assignment.group,
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
    }
)
producer = Producer({"bootstrap.servers": assignment.bootstrap_servers, "enable.idempotence": True})


def main() -> None:
    """Label reviews until killed."""
    consumer.subscribe([assignment.input_topic])
    uncommitted = 0
    while True:
        messages = read()
        if messages:
            produce_labels(messages)
            uncommitted += len(messages)
        # What is left over when nothing more comes is committed as well.
        if uncommitted >= COMMIT_RECORDS or (uncommitted and not messages):
            producer.flush()
            consumer.commit(asynchronous=False)
            uncommitted = 0


def read() -> list[Message]:
    """Return one record, or a batch of them, or nothing."""
    if assignment.variant == "batch":
        messages = consumer.consume(BATCH_RECORDS_MAX, WAIT_S)
    else:
        message = consumer.poll(WAIT_S)
        messages = [] if message is None else [message]
    for message in messages:
        if message.error():
            raise KafkaException(message.error())
    return messages


def produce_labels(messages: Sequence[Message]) -> None:
    """Label what was read."""
    reviews = [json.loads(message.value()) for message in messages]
    answers = classify([review["text"] for review in reviews])
    for message, review, answer in zip(messages, reviews, answers, strict=True):
        label = label_of(review["review_id"], answer, message.partition(), message.offset())
        producer.produce(assignment.output_topic, json.dumps(label).encode(), key=message.key())
    producer.poll(0)


if __name__ == "__main__":
    main()
