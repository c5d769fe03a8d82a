"""A Store and a RejectLog that keep nothing: what a rehearsal writes to."""

from collections.abc import Sequence
from typing import Any

from consumer.bounded.chunks import Reject
from consumer.bounded.progress import Job, Progress


class NoStore:
    """A Store that forgets all labels."""

    def begin(self, _job: Job, _schema: Any) -> Progress:
        """Begin at the first row; see the port."""
        return Progress()

    def append(self, _table: Any, _progress: Progress) -> None:
        """Forget them."""

    def finish(self, _progress: Progress) -> None:
        """Leave nothing behind."""

    def close(self) -> None:
        """Let go of nothing."""


class NoRejects:
    """A RejectLog that forgets all rejects."""

    path = None

    def append(self, _rejects: Sequence[Reject]) -> None:
        """Forget them."""

    def sync(self) -> int:
        """Return that nothing is kept."""
        return 0

    def finish(self) -> None:
        """Leave nothing behind."""

    def close(self) -> None:
        """Let go of nothing."""
