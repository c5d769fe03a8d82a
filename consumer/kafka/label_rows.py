"""Label tables as Kafka messages: the same bytes and ids that the stream writes for these rows."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from consumer.bounded.label_table import MODEL, REVIEW, SCORE_OF
from consumer.kafka.labels import LabelColumns, LabelMessage, LabelWriter
from consumer.scoring.outcome import Scores
from shared.reviews import Model

SCORES_BEGIN = 3
_SCORE_PREFIX = SCORE_OF.format("")


def label_messages(writer: LabelWriter, rows: Any) -> Iterator[LabelMessage]:
    """Yield the label of each row (pyarrow.RecordBatch of a label table) in order, under its review's id."""
    sources = _strings(rows["source"])
    stamps = rows["scored_at"].cast("int64").to_numpy(zero_copy_only=False)
    source_numbers = sources.dictionary_encode().indices.to_numpy()
    # What was scored together and stands in one topic or file is written together.
    changes = np.flatnonzero((np.diff(source_numbers) != 0) | (np.diff(stamps) != 0)) + 1
    ends = [*changes.tolist(), rows.num_rows] if rows.num_rows else []
    start = 0
    for end in ends:
        yield from writer.written(_columns(rows.slice(start, end - start), sources[start].as_py()))
        start = end


def _columns(rows: Any, source: str) -> LabelColumns:
    names = rows.schema.names
    scores = names[SCORES_BEGIN : names.index(REVIEW[0])]
    return LabelColumns(
        topic=source,
        review_ids=_strings(rows["review_id"]).to_pylist(),
        # Rows of a file are in no partition.
        partitions=rows["partition"].fill_null(0).to_pylist(),
        offsets=rows["offset"].to_pylist(),
        scores=Scores(
            model=Model(*(rows[name][0].as_py() for name in MODEL)),
            classes=tuple(name.removeprefix(_SCORE_PREFIX) for name in scores),
            labels=_strings(rows["label"]).to_pylist(),
            confidences=rows["score"].to_numpy(),
            probabilities=np.column_stack([rows[name].to_numpy() for name in scores]),
        ),
        scored_at=rows["scored_at"][0].as_py(),
    )


def _strings(column: Any) -> Any:
    return column.dictionary_decode() if hasattr(column, "dictionary_decode") else column
