"""The labels of a batch as Kafka messages: byte for byte what `shared.codec` writes, at a fraction of its cost."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import repeat
from typing import TypeAlias, cast
from uuid import UUID

import msgspec
import numpy as np
from numpy.typing import NDArray

from consumer.scoring.outcome import Outcome, ReadableRecords, Scores
from shared.codec import TRACEPARENT, label_headers, label_namespace
from shared.reviews import Model

MessageHeaders: TypeAlias = list[tuple[str, str | bytes | None]]
# Key, value and headers of one message.
LabelMessage: TypeAlias = tuple[bytes | str, bytes, MessageHeaders]

_encode = msgspec.json.Encoder().encode
_sha1 = hashlib.sha1
# Where an id's 32 hexadecimal digits stand among its 36 characters (RFC 9562), and the digits of each byte.
_DIGIT_PLACES = np.array([place for place in range(36) if place not in {8, 13, 18, 23}])
_BYTE_DIGITS = np.frombuffer(b"".join(b"%02x" % byte for byte in range(256)), np.uint16)
_DIGEST_BYTES = 20
_ID_CHARS = 36


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
        self._namespaces: dict[tuple[str, str], bytes] = {}

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
        for record, trace, (review_id, value, headers) in zip(records, traces, self.written(columns), strict=True):
            if trace is not None:
                headers.append((TRACEPARENT, trace))
            key = record.key()
            yield review_id if key is None else key, value, headers

    def written(self, labels: LabelColumns) -> Iterator[tuple[str, bytes, MessageHeaders]]:
        """Yield each label, in order, under its review's id."""
        ids = self._ids(labels.topic, labels.scores.model.digest, labels.partitions, labels.offsets)
        version, _, kind, source, content = label_headers("", None)
        for review_id, value, ce_id in zip(labels.review_ids, _values(labels), ids, strict=True):
            yield review_id, value, [version, ("ce_id", ce_id), kind, source, content]

    def _ids(self, topic: str, digest: str, partitions: Sequence[int], offsets: Sequence[int]) -> list[bytes]:
        namespace = self._namespaces.get((topic, digest))
        if namespace is None:
            namespace = self._namespaces.setdefault((topic, digest), label_namespace(topic, digest).bytes)
        names = {partition: b"%b%d/" % (namespace, partition) for partition in set(partitions)}
        digests = [
            _sha1(b"%b%d" % (names[partition], offset)).digest()
            for partition, offset in zip(partitions, offsets, strict=True)
        ]
        return _as_uuids(np.frombuffer(b"".join(digests), np.uint8).reshape(-1, _DIGEST_BYTES))


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


def _as_uuids(digests: NDArray[np.uint8]) -> list[bytes]:
    """Return the text of the UUIDv5 that each SHA-1 digest (n, 20) makes (RFC 9562, section 5.5)."""
    content = digests[:, : len(UUID(int=0).bytes)].copy()
    content[:, 6] = (content[:, 6] & 0x0F) | 0x50
    content[:, 8] = (content[:, 8] & 0x3F) | 0x80
    text = np.full((len(content), _ID_CHARS), ord("-"), np.uint8)
    text[:, _DIGIT_PLACES] = _BYTE_DIGITS[content].view(np.uint8)
    # No text ends with a zero byte, which numpy would cut off.
    return cast("list[bytes]", text.view(f"S{_ID_CHARS}").ravel().tolist())
