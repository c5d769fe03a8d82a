"""Labels a topic's records in bulk into a topic; as a program of its own it ends at a named step."""

import os
from contextlib import closing
from dataclasses import dataclass, field

from consumer.bounded.job_run import BoundedJob, JobLimits
from consumer.bounded.ports import Mode
from consumer.bounded.progress import Job, Progress
from consumer.bounded.steps import Steps
from consumer.bounded.storing.table_sink import Rejects
from consumer.kafka import label_store, topic_inputs
from consumer.kafka.label_store import LabelStore
from consumer.kafka.range_reader import open_reader
from consumer.kafka.topic_ranges import RangeRequest, choose_ranges
from consumer.scoring.ports import Scorer
from shared.clock import Clock, SystemClock
from shared.kafka_client import KafkaSettings
from tests.support.fail_points import FailingProducer, FailPoint, Step
from tests.support.fake_scorer import FakeScorer
from tests.support.memory_store import MemoryRejects

KILL_AT = "TOPIC_JOB_KILL_AT"
CLOCK = "TOPIC_JOB_CLOCK"
MODULE = "tests.support.topic_job"
VALUE_BYTES_MAX = 1024 * 1024
CHECKPOINT_ROWS = 400
# What a transaction holds at least in a process that is to die.
SMALL_ROWS = 100
WHOLE = Job({"model": "keywords", "inputs": "all of it"})


class ImpatientClock(SystemClock):
    """A clock by which every transaction is old as soon as it is looked at."""

    def __init__(self) -> None:
        self._looks = 0

    def monotonic(self) -> float:
        self._looks += 1
        return super().monotonic() + 100.0 * self._looks


@dataclass(frozen=True, slots=True)
class TopicJob:
    """All of one topic into another."""

    kafka: KafkaSettings
    input_topic: str
    output_topic: str
    clock: Clock = field(default_factory=SystemClock)

    def run(self, mode: Mode, scorer: Scorer, job: Job = WHOLE) -> Progress:
        """Label what is left, and return how far it came; what former runs did counts in."""
        with open_reader(self.kafka, self.input_topic) as reader:
            ranges = choose_ranges(self.kafka, reader, RangeRequest())
            inputs = topic_inputs.topic_inputs(reader, ranges, VALUE_BYTES_MAX)
            places = [each.place for each in inputs]
            with closing(LabelStore(self.kafka, self.output_topic, mode, places, self.clock)) as store:
                bounded = BoundedJob(job, inputs, scorer, store, JobLimits(checkpoint_rows=CHECKPOINT_ROWS))
                rejects, steps = MemoryRejects(), Steps(SystemClock())
                end = bounded.run(bounded.begin(), Rejects(rejects, rejects), steps, SystemClock(), lambda: False)
                bounded.finish(end, steps)
        return end


def main() -> None:
    """Run the job that the environment describes, until it is at the step where it is to die."""
    step, _, batch = os.environ[KILL_AT].partition(":")
    FailingProducer.point = FailPoint(Step(step), int(batch))
    vars(label_store)["Producer"] = FailingProducer
    vars(label_store)["CHUNK_ROWS"] = vars(topic_inputs)["CHUNK_ROWS"] = SMALL_ROWS
    clock = {"patient": SystemClock, "impatient": ImpatientClock}[os.environ[CLOCK]]()
    kafka = KafkaSettings(os.environ["REVIEWS_KAFKA_BOOTSTRAP_SERVERS"])
    topics = os.environ["REVIEWS_INPUT_TOPIC"], os.environ["REVIEWS_OUTPUT_TOPIC"]
    TopicJob(kafka, *topics, clock).run(Mode.FRESH, FakeScorer())


if __name__ == "__main__":
    main()
