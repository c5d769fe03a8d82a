"""Ids made many at a time, outside the interpreter, are those of the contract."""

from uuid import UUID, uuid5

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from consumer.kafka.labels import LabelWriter
from consumer.native.place_ids import ID_CHARS, SCHEDULE_WORDS, write_place_ids
from shared.codec import label_id

partitions = st.integers(0, 2**31 - 1)
offsets = st.integers(0, 2**63 - 1)
places = st.lists(st.tuples(partitions, offsets), max_size=20)
EDGES = [(number, 10**digits - below) for digits in range(1, 19) for number, below in ((0, 1), (9, 0), (10, 0))]


@example([(0, 0), (2**31 - 1, 2**63 - 1), *EDGES], UUID(int=0))
@example([(0, 0)], UUID(int=2**128 - 1))
@given(places, st.uuids())
def test_an_id_is_the_uuid_of_its_place(rows: list[tuple[int, int]], namespace: UUID) -> None:
    texts = np.zeros((len(rows), ID_CHARS), np.uint8)
    words = np.frombuffer(namespace.bytes, ">u4").astype(np.uint32)
    columns = np.array(rows, np.int64).reshape(-1, 2).T.copy()
    write_place_ids(words, columns[0], columns[1], np.full(SCHEDULE_WORDS, 2**32 - 1, np.uint32), texts)
    assert [bytes(text).decode() for text in texts] == [
        str(uuid5(namespace, f"{partition}/{offset}")) for partition, offset in rows
    ]


@given(st.lists(st.tuples(st.text(), st.text(), partitions, offsets), max_size=5))
def test_one_writer_tells_topics_and_models_apart(rows: list[tuple[str, str, int, int]]) -> None:
    writer = LabelWriter()
    for topic, digest, partition, offset in rows * 2:
        expected = label_id(topic, partition, offset, digest).encode()
        assert writer.ids(topic, digest, [partition], [offset]) == [expected]
