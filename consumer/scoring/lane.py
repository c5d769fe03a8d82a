"""Where scoring happens: at once, or in a thread beside the loop."""

from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Protocol, Self, TypeVar

Result = TypeVar("Result")


class Lane(Protocol):
    """Begins pieces of work in order, and does as many at once as it is wide."""

    @property
    def width(self) -> int:
        """How many pieces are done at once."""
        ...

    def begin(self, work: Callable[[], Result]) -> Future[Result]:
        """Start a piece of work; the future's `result` waits for it and raises what it raised."""
        ...


class InlineLane:
    """Does the work before `begin` returns."""

    width = 1

    def begin(self, work: Callable[[], Result]) -> Future[Result]:
        """Do a piece of work; see Lane."""
        future: Future[Result] = Future()
        _settle(future, work)
        return future


class ThreadLane:
    """Does the work in threads of its own: what releases the interpreter there overlaps with the caller's work.

    Leaving the context waits for what was begun, at most `end_s_max` seconds: work that hangs keeps no process.
    """

    def __init__(self, name: str, end_s_max: float = 5.0, width: int = 1) -> None:
        self.width = width
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads = [Thread(target=self._run, name=name, daemon=True) for _ in range(width)]
        self._end_s_max = end_s_max

    def begin(self, work: Callable[[], Result]) -> Future[Result]:
        """Queue a piece of work; see Lane."""
        future: Future[Result] = Future()
        self._work.put(lambda: _settle(future, work))
        return future

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for _ in self._threads:
            self._work.put(None)
        for thread in self._threads:
            thread.join(self._end_s_max)

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            work()
            # What it holds, texts and a model, is not kept until the next one comes.
            del work


def call_within(seconds: float, call: Callable[[], Result]) -> Result:
    """Return what a call returns, or raise what it raises; TimeoutError where it takes longer: it goes on by itself."""
    future: Future[Result] = Future()
    Thread(target=_settle, args=(future, call), daemon=True).start()
    return future.result(seconds)


def _settle(future: Future[Result], work: Callable[[], Result]) -> None:
    try:
        result = work()
    except Exception as error:  # noqa: BLE001 - whoever asks for the result gets it
        future.set_exception(error)
    else:
        future.set_result(result)
