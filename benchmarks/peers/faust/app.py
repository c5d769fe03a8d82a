"""Faust: an agent that takes reviews in batches, labels them and sends the labels on."""

import asyncio

import faust

from benchmarks.peers.assignment import Assignment, label_of
from benchmarks.peers.classifier import load_classifier

BATCH_RECORDS_MAX = 500
BATCH_WAIT_S_MAX = 0.1

assignment = Assignment.from_environment()
classify = load_classifier(assignment.model, assignment.scorer)
app = faust.App(
    assignment.group,
    broker=f"kafka://{assignment.bootstrap_servers}",
    datadir=assignment.state,
    topic_allow_declare=False,
    web_enabled=False,
)
reviews = app.topic(assignment.input_topic, value_serializer="json")
labels = app.topic(assignment.output_topic, value_serializer="json")


@app.agent(reviews)
async def label(stream: faust.Stream) -> None:
    """Label the reviews of a batch, and wait until the broker has their labels."""
    async for events in stream.take_events(BATCH_RECORDS_MAX, within=BATCH_WAIT_S_MAX):
        answers = classify([event.value["text"] for event in events])
        sent = []
        for event, answer in zip(events, answers, strict=True):
            message = event.message
            value = label_of(event.value["review_id"], answer, message.partition, message.offset)
            sent.append(await labels.send(key=message.key, value=value))
        await asyncio.gather(*sent)


if __name__ == "__main__":
    app.main()
