"""Bytewax: a dataflow from Kafka to Kafka that labels reviews in the batches the source reads."""

import json

import bytewax.operators as op
from bytewax.connectors.kafka import KafkaSinkMessage, KafkaSourceMessage
from bytewax.connectors.kafka import operators as kafka
from bytewax.dataflow import Dataflow

from benchmarks.peers.assignment import Assignment, label_of
from benchmarks.peers.classifier import load_classifier

assignment = Assignment.from_environment()
classify = load_classifier(assignment.model, assignment.scorer)
brokers = [assignment.bootstrap_servers]


def label(messages: list[KafkaSourceMessage]) -> list[KafkaSinkMessage]:
    """Label what one read of a partition returned."""
    reviews = [json.loads(message.value) for message in messages]
    answers = classify([review["text"] for review in reviews])
    return [
        KafkaSinkMessage(
            message.key,
            json.dumps(label_of(review["review_id"], answer, message.partition, message.offset)).encode(),
        )
        for message, review, answer in zip(messages, reviews, answers, strict=True)
    ]


flow = Dataflow("reviews")
source = kafka.input("reviews", flow, brokers=brokers, topics=[assignment.input_topic])
op.inspect("errors", source.errs).then(op.raises, "stop at an error")
labels = op.flat_map_batch("label", source.oks, label)
kafka.output("labels", labels, brokers=brokers, topic=assignment.output_topic)
