"""A committer that remembers what was committed."""

from collections.abc import Mapping

from consumer.scoring.record import Partition
from shared.errors import ReviewstreamError


class FakeCommitter:
    """A Committer (consumer.kafka.at_least_once); raises `failure` once where the test sets one."""

    def __init__(self) -> None:
        self.commits: list[dict[Partition, int]] = []
        self.waited_for: list[dict[Partition, int]] = []
        self.deadlines_s: list[float] = []
        self.failure: ReviewstreamError | None = None

    def commit(self, positions: Mapping[Partition, int]) -> None:
        self._raise_failure()
        self.commits.append(dict(positions))

    def commit_and_wait(self, positions: Mapping[Partition, int], deadline_s: float) -> None:
        self.deadlines_s.append(deadline_s)
        self._raise_failure()
        self.commits.append(dict(positions))
        self.waited_for.append(dict(positions))

    def committed(self) -> dict[Partition, int]:
        """Return where each partition stands."""
        return {place: offset for commit in self.commits for place, offset in commit.items()}

    def _raise_failure(self) -> None:
        failure, self.failure = self.failure, None
        if failure is not None:
            raise failure
