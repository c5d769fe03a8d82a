"""Who takes part: each tool, the way its documentation would have it run, and ours."""

import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers.assignment import Assignment

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
# Untracked: environments, logs and the state of what runs.
CACHE = ROOT / "build" / "peers"
OURS = "reviewstream"
TOOLS = ("quixstreams", "faststream", "faust", "bytewax", "handwritten")
# Bytewax repeats what it did since the last snapshot; this is as often as Quix Streams commits by default.
BYTEWAX_SNAPSHOT_S = "5"


@dataclass(frozen=True, slots=True)
class Contestant:
    """One tool in one of its ways to work; `variant` is what its application is told."""

    name: str
    title: str
    tool: str
    variant: str
    delivery: str

    @property
    def ours(self) -> bool:
        """Whether this is the project's own consumer."""
        return self.tool == OURS

    def python(self) -> Path:
        """Return the interpreter of the environment it runs in."""
        return Path(sys.executable) if self.ours else CACHE / self.tool / "bin" / "python"

    def command(self, assignment: Assignment) -> list[str]:
        """Return the command that labels until it is killed."""
        python = str(self.python())
        application = str(HERE / self.tool / "app.py")
        if self.ours:
            # The option is left out where it is the default: releases without exactly-once take part, too.
            delivery = ["--delivery", self.variant] if self.variant == "exactly-once" else []
            return [python, "-m", "consumer", "run", *delivery]
        if self.tool == "bytewax":
            flow, state = "benchmarks.peers.bytewax.app:flow", str(assignment.state)
            return [python, "-m", "bytewax.run", flow, "-r", state, "-s", BYTEWAX_SNAPSHOT_S, "-b", "0"]
        if self.tool == "faust":
            return [python, application, "worker", "--loglevel", "warn"]
        return [python, application]

    def preparation(self, assignment: Assignment) -> list[str] | None:
        """Return a command that must have run once before the first start, where there is one."""
        if self.tool == "bytewax":
            return [str(self.python()), "-m", "bytewax.recovery", str(assignment.state), "1"]
        return None

    def environment(self, assignment: Assignment) -> dict[str, str]:
        """Return the variables that carry the assignment."""
        if not self.ours:
            return {**assignment.to_environment(), "PYTHONPATH": str(ROOT)}
        return {
            "REVIEWS_KAFKA_BOOTSTRAP_SERVERS": assignment.bootstrap_servers,
            "REVIEWS_INPUT_TOPIC": assignment.input_topic,
            "REVIEWS_OUTPUT_TOPIC": assignment.output_topic,
            "REVIEWS_DEAD_LETTER_TOPIC": dead_letter_topic(assignment),
            "REVIEWS_GROUP": assignment.group,
            "REVIEWS_INSTANCE": assignment.group,
            "REVIEWS_MODEL": str(assignment.model),
            "REVIEWS_METRICS_PORT": "0",
        }


CONTESTANTS = (
    Contestant("ours", "Reviewstream", OURS, "at-least-once", "at least once"),
    Contestant("ours-exactly-once", "Reviewstream, exactly-once", OURS, "exactly-once", "exactly once"),
    Contestant("quixstreams", "Quix Streams", "quixstreams", "at-least-once", "at least once"),
    Contestant("quixstreams-exactly-once", "Quix Streams, exactly-once", "quixstreams", "exactly-once", "exactly once"),
    Contestant("faststream", "FastStream", "faststream", "single", "at least once"),
    Contestant("faststream-batch", "FastStream, `batch=True`", "faststream", "batch", "at least once"),
    Contestant("faust", "Faust, `take`", "faust", "batch", "at least once"),
    Contestant("bytewax", "Bytewax, `flat_map_batch`", "bytewax", "batch", "at least once"),
    Contestant("handwritten", "hand-written loop", "handwritten", "single", "at least once"),
    Contestant("handwritten-batch", "hand-written loop, batches", "handwritten", "batch", "at least once"),
)


def dead_letter_topic(assignment: Assignment) -> str:
    """Return the name of the third topic that ours asks for."""
    return f"{assignment.output_topic}.dlq"
