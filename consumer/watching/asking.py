"""A question in a thread of its own: an address that hangs holds nobody up, and has one thread at most."""

import contextlib
import queue
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from shared.errors import RetriableError

Answer = TypeVar("Answer")


class Asking(Generic[Answer]):
    """Asks again and again, one question at a time."""

    def __init__(self, question: Callable[[], Answer]) -> None:
        self._question = question
        self._lock = threading.Lock()
        self._open = False
        self._answers: queue.Queue[Answer | RetriableError] = queue.Queue(1)

    def start(self) -> None:
        """Ask, unless the question before is still open; an answer that came too late is forgotten."""
        with self._lock:
            if self._open:
                return
            with contextlib.suppress(queue.Empty):
                self._answers.get_nowait()
            self._open = True
        threading.Thread(target=self._ask, name="asking", daemon=True).start()

    def answer(self, wait_s: float) -> Answer:
        """Return the answer; RetriableError, saying why, where there is none or it does not come in time."""
        try:
            found = self._answers.get(timeout=max(0.0, wait_s))
        except queue.Empty:
            raise RetriableError("the answer takes too long") from None
        if isinstance(found, RetriableError):
            raise found
        return found

    def _ask(self) -> None:
        try:
            found: Answer | RetriableError = self._question()
        except RetriableError as error:
            found = error
        with self._lock:
            self._open = False
            self._answers.put_nowait(found)
