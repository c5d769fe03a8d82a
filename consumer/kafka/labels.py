"""The labels of a batch as Kafka messages: byte for byte what `shared.codec` writes, at a fraction of its cost."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import repeat
from typing import TypeAlias, cast

import msgspec
import numpy as np

from consumer.native.code_cache import call
from consumer.native.place_ids import ID_CHARS, SCHEDULE_WORDS, Words32, write_place_ids
from consumer.scoring.outcome import Outcome, ReadableRecords, Scores
from shared.codec import TRACEPARENT, MessageHeaders, label_headers, label_namespace
from shared.reviews import Model

# Key, value and headers of one message.
LabelMessage: TypeAlias = tuple[bytes | str, bytes, MessageHeaders]

_encode = msgspec.json.Encoder().encode


def warm_up() -> None:
    """Have compiled what an id needs: seconds without numba's cache, a moment with it."""
    LabelWriter().ids("", "", [0], [0])


@dataclass(frozen=True, slots=True)
class LabelColumns:
    """Labels of n > 0 reviews of one topic or file, scored together: columns of one length."""

    topic: str
    review_ids: Sequence[str]
    partitions: Sequence[int]
    offsets: Sequence[int]
    scores: Scores
    scored_at: datetime


class LabelWriter:
    """Writes a batch's labels; what stays the same from label to label is written once."""

    def __init__(self) -> None:
        self._namespaces: dict[tuple[str, str], Words32] = {}
        self._schedule: Words32 = np.empty(SCHEDULE_WORDS, np.uint32)

    def messages(self, outcome: Outcome[ReadableRecords]) -> Iterator[LabelMessage]:
        """Yield the label of each review that could be read, in order, under the record's own key."""
        labelled, scores = outcome.labelled, outcome.scores
        records, traces = labelled.records, labelled.traceparents
        if not records:
            return
        columns = LabelColumns(
            topic=records[0].topic(),
            review_ids=[review.review_id for review in labelled.reviews],
            partitions=[record.partition() for record in records],
            offsets=[record.offset() for record in records],
            scores=scores,
            scored_at=outcome.scored_at,
        )
        ids, values = self._columns(columns)
        version, _, kind, source, content = label_headers("", None)
        # Written out, not over `written`: a generator within a generator would cost every label of the stream.
        rows = zip(records, columns.review_ids, values, ids, traces, strict=True)
        for record, review_id, value, ce_id, trace in rows:
            headers: MessageHeaders = [version, ("ce_id", ce_id), kind, source, content]
            if trace is not None:
                headers.append((TRACEPARENT, trace))
            key = record.key()
            yield review_id if key is None else key, value, headers

    def written(self, labels: LabelColumns) -> Iterator[tuple[str, bytes, MessageHeaders]]:
        """Yield each label, in order, under its review's id."""
        ids, values = self._columns(labels)
        version, _, kind, source, content = label_headers("", None)
        for review_id, value, ce_id in zip(labels.review_ids, values, ids, strict=True):
            yield review_id, value, [version, ("ce_id", ce_id), kind, source, content]

    def _columns(self, labels: LabelColumns) -> tuple[list[bytes], Iterator[bytes]]:
        ids = self.ids(labels.topic, labels.scores.model.digest, labels.partitions, labels.offsets)
        return ids, _values(labels)

    def ids(self, topic: str, digest: str, partitions: Sequence[int], offsets: Sequence[int]) -> list[bytes]:
        """Return the ids of the labels that a model gives to records of one topic, by their places."""
        namespace = self._namespaces.get((topic, digest))
        if namespace is None:
            # In words, as SHA-1 reads it.
            words = np.frombuffer(label_namespace(topic, digest).bytes, ">u4").astype(np.uint32)
            namespace = self._namespaces.setdefault((topic, digest), words)
        texts = np.empty((len(offsets), ID_CHARS), np.uint8)
        places = np.array(partitions, np.int64), np.array(offsets, np.int64)
        call(write_place_ids, namespace, *places, self._schedule, texts)
        # No text ends with a zero byte, which numpy would cut off.
        return cast("list[bytes]", texts.view(f"S{ID_CHARS}").ravel().tolist())


class _Endings(dict[int, bytes]):
    """For each partition what stands behind the scores, up to the offset."""

    def __init__(self, topic: str, model: Model, scored_at: datetime) -> None:
        self._head = b'},"model":%b,"scored_at":%b,"source":{"topic":%b,"partition":' % (
            _encode(model),
            _encode(scored_at),
            _encode(topic),
        )

    def __missing__(self, partition: int) -> bytes:
        ending = self[partition] = b'%b%d,"offset":' % (self._head, partition)
        return ending


def _values(labels: LabelColumns) -> Iterator[bytes]:
    """Yield each label's bytes, put together from columns: no row is touched by more than one call."""
    scores, endings = labels.scores, _Endings(labels.topic, labels.scores.model, labels.scored_at)
    names = {label: b',"label":%b,"score":' % _encode(label) for label in set(scores.labels)}
    columns: list[Iterable[bytes]] = [
        repeat(b'{"review_id":'),
        map(_encode, labels.review_ids),
        map(names.__getitem__, scores.labels),
        _numbers(scores.confidences.tolist()),
    ]
    for place, name in enumerate(scores.classes):
        columns.append(repeat(b"%b%b:" % (b"," if place else b',"scores":{', _encode(name))))
        columns.append(_numbers(scores.probabilities[:, place].tolist()))
    columns += [map(endings.__getitem__, labels.partitions), _numbers(labels.offsets), repeat(b"}}")]
    return map(b"".join, zip(*columns, strict=False))


def _numbers(column: Sequence[float]) -> list[bytes]:
    """Return the numbers' texts, as JSON has them: the shortest that is read as the same number."""
    return _encode(column)[1:-1].split(b",")
