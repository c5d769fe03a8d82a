"""What one core does without Kafka: scoring alone, and decoding and encoding alone, in records a second.

python -m benchmarks.stream_alone STEP KIND [--model FOLDER]     prints the seconds and the records as JSON
"""

import gc
import os
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec
from confluent_kafka import Message

from benchmarks.stream_topics import KINDS, reviews
from benchmarks.stream_ways import ConstantScorer
from consumer.commands.stream import COLLECT_AFTER
from consumer.kafka.labels import LabelWriter
from consumer.model.load import load_scorer
from consumer.scoring.decoding import decode
from consumer.scoring.outcome import Outcome
from consumer.scoring.record import Batch, Record
from shared.codec import encode_review, review_headers
from shared.reviews import Review

SCORE = "scorer alone, one core"
DECODE_AND_ENCODE = "decode and encode alone, one core"
BATCH = 1000
BATCHES = 20
VALUE_BYTES_MAX = 1024 * 1024
SECONDS_MIN = 1.0
Step = Callable[[], object]


def scoring(texts: Sequence[str], folder: Path) -> list[Step]:
    """Return a call for each batch: what the model says of it."""
    scorer = load_scorer(folder).scorer
    batches = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
    return [lambda batch=batch: scorer.score(batch) for batch in batches]  # type: ignore[misc]  # bound now, not later


def decoding_and_encoding(records: Sequence[Record]) -> list[Step]:
    """Return a call for each batch: from the records' bytes to the labels' bytes."""
    scorer, labels = ConstantScorer(BATCH), LabelWriter()

    def step(batch: Sequence[Record]) -> None:
        readable, dead_letters = decode(batch, VALUE_BYTES_MAX)
        scores, now = scorer.score(readable.texts()), datetime.now(UTC)
        outcome = Outcome(Batch(batch), readable, scores, dead_letters, now)
        for _ in labels.messages(outcome):
            pass

    batches = [records[start : start + BATCH] for start in range(0, len(records), BATCH)]
    return [lambda batch=batch: step(batch) for batch in batches]  # type: ignore[misc]  # bound now, not later


def stored(number: int, review: Review) -> Record:
    """Return a review as the consumer reads it."""
    made: Record = Message(  # type: ignore[assignment]  # a polled message has all of these
        topic="reviews.submitted.v1",
        partition=number % 6,
        offset=number,
        key=review.review_id.encode(),
        value=encode_review(review),
        headers=[(name, str(content).encode()) for name, content in review_headers(review)],
        timestamp=(1, 1_700_000_000_000),
    )
    return made


@click.command()
@click.argument("step", type=click.Choice([SCORE, DECODE_AND_ENCODE]))
@click.argument("kind", type=click.Choice(list(KINDS)))
@click.option("--model", type=click.Path(path_type=Path), default=Path("models/default"))
def main(step: str, kind: str, model: Path) -> None:
    """Measure one step, for a second at least."""
    gc.set_threshold(*COLLECT_AFTER)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    sample = list(reviews(kind, BATCH * BATCHES))
    if step == SCORE:
        calls = scoring([review.text for review in sample], model)
    else:
        calls = decoding_and_encoding([stored(number, review) for number, review in enumerate(sample)])
    calls[0]()
    passes = 0
    started = time.perf_counter()
    while (seconds := time.perf_counter() - started) < SECONDS_MIN:
        for call in calls:
            call()
        passes += 1
    sys.stdout.buffer.write(msgspec.json.encode({"records": passes * len(sample), "seconds": seconds}))


if __name__ == "__main__":
    main()
