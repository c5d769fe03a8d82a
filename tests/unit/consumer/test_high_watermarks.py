"""Whoever looks at lag gets an answer, also while the client is busy with its group."""

import threading

import pytest
from confluent_kafka import KafkaException

from consumer.kafka.high_watermarks import HighWatermarks
from tests.support.stream_under_test import Deadline

ONE, TWO = ("reviews", 1), ("reviews", 2)


class Client:
    """Answers at once, unless it is told to hang."""

    def __init__(self) -> None:
        self.ends = {ONE: 10, TWO: 20}
        self.free = threading.Event()
        self.free.set()
        self.asked = 0

    def end(self, place: tuple[str, int]) -> int:
        self.asked += 1
        assert self.free.wait(60)
        return self.ends[place]


def test_what_the_client_says_now_is_what_is_told() -> None:
    client = Client()
    watermarks = HighWatermarks(client.end)
    assert (watermarks.of(ONE), watermarks.of(TWO)) == (10, 20)
    client.ends[ONE] = 11
    assert watermarks.of(ONE) == 11


def test_while_the_client_hangs_the_last_answers_are_told_and_it_is_asked_once() -> None:
    client = Client()
    watermarks = HighWatermarks(client.end, wait_s_max=0.05)
    assert watermarks.of(ONE) == 10
    client.free.clear()
    client.ends[ONE] = 99
    assert [watermarks.of(ONE) for _ in range(5)] == [10] * 5
    assert watermarks.of(TWO) == -1
    assert client.asked == 2
    client.free.set()
    deadline = Deadline()
    while watermarks.of(ONE) != 99 or watermarks.of(TWO) != 20:
        deadline.check("it is asked again")


def test_what_the_client_refuses_is_raised_and_it_is_asked_again() -> None:
    troubles = [KafkaException("closed")]

    def end(_place: tuple[str, int]) -> int:
        if troubles:
            raise troubles.pop()
        return 7

    watermarks = HighWatermarks(end)
    with pytest.raises(KafkaException):
        watermarks.of(ONE)
    assert watermarks.of(ONE) == 7
