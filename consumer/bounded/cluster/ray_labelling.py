"""What a machine of a Ray cluster does with a piece of a job: the one loop, over that piece."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from consumer.bounded.arrow import import_pyarrow
from consumer.bounded.cluster.ray_pieces import Piece, pack, within
from consumer.bounded.ports import Input
from consumer.bounded.progress import Progress
from consumer.bounded.reading.inputs import read_chunks
from consumer.bounded.reading.table_source import ReadableTable, TableSource, decode_table
from consumer.bounded.steps import Step, Steps
from consumer.bounded.storing.table_sink import LabelledChunk, labelled_chunk
from consumer.scoring.batching import BatchBounds, BatchPolicy
from consumer.scoring.lane import InlineLane
from consumer.scoring.loop import LoopLimits, ScoringLoop
from consumer.scoring.outcome import Outcome
from consumer.scoring.ports import Scorer
from shared.clock import SystemClock

CONTENT = "content"


class PieceLabeller:
    """Labels pieces one after another; the model is loaded once, with the first of them.

    `load` is called on that machine, where what it names must be.
    """

    def __init__(self, inputs: Sequence[Input], kept: Any, load: Callable[[], Scorer], value_bytes_max: int) -> None:
        self._inputs = inputs
        self._kept = kept
        self._load = load
        self._value_bytes_max = value_bytes_max
        self._scorer: Scorer | None = None

    def __call__(self, pieces: Any) -> Iterator[Any]:
        """Yield what becomes of each piece (rows of a pyarrow.Table), chunk by chunk, as packed bytes."""
        pa = import_pyarrow()
        for row in pieces.to_pylist():
            for content in self._label(Piece(**row)):
                yield pa.table({CONTENT: pa.array([content], pa.large_binary())})

    def _label(self, piece: Piece) -> Iterator[bytes]:
        if self._scorer is None:
            # Not where the object is made: what goes wrong there would come back as a machine that failed.
            self._scorer = self._load()
        one = [self._inputs[piece.input]]
        chunks = within(read_chunks(one, Progress(row=piece.first_row), self._kept), piece.end_row)
        source, sink, steps = TableSource(chunks), _Chunks(), Steps(SystemClock())
        limits = LoopLimits(value_bytes_max=self._value_bytes_max, dead_letters=None, idle_wait_s=0.0)
        policy = BatchPolicy(BatchBounds(time_s=math.inf))
        loop = ScoringLoop(source, decode_table, self._scorer, sink, steps, SystemClock(), policy, limits, InlineLane())
        while not source.exhausted():
            loop.turn()
            if source.exhausted():
                loop.settle(limits.drain_s_max)
            for chunk in sink.taken():
                yield pack(chunk, *_since_before(steps), _node())


class _Chunks:
    """A Sink that keeps what became of each chunk until it is asked for it."""

    def __init__(self) -> None:
        self._chunks: list[LabelledChunk] = []

    def deliver(self, outcome: Outcome[ReadableTable]) -> None:
        """Keep a chunk."""
        self._chunks.append(labelled_chunk(outcome))

    def taken(self) -> list[LabelledChunk]:
        """Return what is kept, and keep it no more."""
        chunks, self._chunks = self._chunks, []
        return chunks

    def advance(self, _wait_s: float) -> int:
        """Return that nothing is in flight."""
        return 0

    def drain(self, _deadline_s: float) -> None:
        """Do nothing: whoever takes the chunks stores them."""

    def abandon(self) -> None:
        """Do nothing: see TableSource.rewind."""


def _since_before(steps: Steps) -> tuple[dict[Step, float], dict[str, int]]:
    """Return the seconds and labels that were noted since the last time."""
    found = dict(steps.seconds), dict(steps.labels)
    steps.seconds = dict.fromkeys(Step, 0.0)
    steps.labels.clear()
    return found


def _node() -> str:
    import ray  # noqa: PLC0415 - an optional package; it is there where this runs

    return str(ray.get_runtime_context().get_node_id())
