"""Where scoring happens: at once, or in a thread beside the loop."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Protocol, Self, TypeVar

Result = TypeVar("Result")


class Lane(Protocol):
    """Does one piece of work after the other, in order."""

    def begin(self, work: Callable[[], Result]) -> Future[Result]:
        """Start a piece of work; the future's `result` waits for it and raises what it raised."""
        ...


class InlineLane:
    """Does the work before `begin` returns."""

    def begin(self, work: Callable[[], Result]) -> Future[Result]:
        """Do a piece of work; see Lane."""
        future: Future[Result] = Future()
        try:
            future.set_result(work())
        except Exception as error:  # noqa: BLE001 - as a thread would keep it
            future.set_exception(error)
        return future


class ThreadLane:
    """Does the work in one thread of its own: what releases the interpreter there overlaps with the caller's work."""

    def __init__(self, name: str) -> None:
        self._executor = ThreadPoolExecutor(1, name)

    def begin(self, work: Callable[[], Result]) -> Future[Result]:
        """Queue a piece of work; see Lane."""
        return self._executor.submit(work)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._executor.shutdown()
