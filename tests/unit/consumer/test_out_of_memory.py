"""A stream that finds no memory leaves with what to set, however the Kafka client says so."""

from typing import Any, cast

import pytest

from consumer.commands.stream import Stream
from consumer.scoring.loop_time import LoopTime
from shared.errors import FatalError
from tests.support.fake_clock import FakeClock


class QuietSource:
    """A source that nobody joins a group with."""

    def subscribe(self, **_callbacks: Any) -> None:
        pass


class EndingLoop:
    """A loop that ends with an error, which another one caused where `cause` is given."""

    def __init__(self, error: Exception, cause: Exception | None = None) -> None:
        self._error = error
        self._cause = cause
        self.time = LoopTime(FakeClock())

    def run(self, _stop_requested: object) -> None:
        raise self._error from self._cause


def run(loop: EndingLoop) -> None:
    Stream(cast("Any", QuietSource()), cast("Any", loop)).run(lambda: False)


@pytest.mark.parametrize(
    "loop", [EndingLoop(MemoryError()), EndingLoop(SystemError("a result with an exception set"), MemoryError())]
)
def test_where_memory_ends_the_process_leaves_and_names_what_to_set(loop: EndingLoop) -> None:
    with pytest.raises(FatalError, match="no memory is left") as caught:
        run(loop)
    assert "REVIEWS_BATCH_BYTES_MAX" in caught.value.hint
    assert "REVIEWS_BATCH_RECORDS_MAX" in caught.value.hint


def test_a_defect_of_another_kind_is_not_put_down_to_memory() -> None:
    with pytest.raises(SystemError, match="bad call"):
        run(EndingLoop(SystemError("bad call"), ValueError()))
