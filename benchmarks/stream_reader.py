"""Notes when labels can be read, from a process of its own.

python -m benchmarks.stream_reader RECORDS FILE --from PARTITION:OFFSET ...     settings come from the environment

Writes an array (n, 2) to FILE: a label's key, which is its review's number, and when it was read (monotonic seconds).
"""

import gc
import time
from pathlib import Path

import click
import numpy as np
from confluent_kafka import Consumer, Message, TopicPartition

from shared.errors import RetriableError
from shared.kafka_client import KafkaSettings, create_client
from shared.settings import with_settings
from shared.topics import TopicSettings

CHUNK_RECORDS = 10_000
SILENCE_S_MAX = 20.0


def read(consumer: Consumer, records: int) -> list[tuple[int, float]]:
    """Return each label's number and the moment it came: one moment for all that one call gave."""
    seen: list[tuple[int, float]] = []
    while len(seen) < records:
        first = consumer.poll(SILENCE_S_MAX)
        if first is None:
            raise RetriableError(f"{len(seen)} of {records} labels came, and no more for {SILENCE_S_MAX:g} s")
        messages = [first, *consumer.consume(CHUNK_RECORDS, 0)]
        now_s = time.monotonic()
        seen += [(_number(message), now_s) for message in messages]
    return seen


def _number(message: Message) -> int:
    error = message.error()
    if error is not None:
        raise RetriableError(f"reading labels: {error.str()}")
    return int(message.key() or b"")


@click.command()
@with_settings(KafkaSettings)
@with_settings(TopicSettings)
@click.argument("records", type=int)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--from", "starts", multiple=True, required=True, help="PARTITION:OFFSET; once a partition.")
def main(
    kafka_settings: KafkaSettings, topic_settings: TopicSettings, records: int, file: Path, starts: tuple[str, ...]
) -> None:
    """Read so many labels."""
    config = {"group.id": "reviewstream-bench", "enable.auto.commit": False, "auto.offset.reset": "error"}
    consumer: Consumer = create_client(Consumer, config | kafka_settings.client_config())
    places = [start.partition(":") for start in starts]
    consumer.assign(
        [TopicPartition(topic_settings.output_topic, int(number), int(offset)) for number, _, offset in places]
    )
    gc.disable()
    seen = read(consumer, records)
    consumer.close()
    np.save(file, np.array(seen))


if __name__ == "__main__":
    main()
