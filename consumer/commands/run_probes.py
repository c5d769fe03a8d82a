"""What `run` answers to whoever started it: whether it is up, turns, and gets anywhere."""

from typing import Protocol

from consumer.commands.run_settings import RunSettings
from shared.probes import Check


class LoopWatch(Protocol):
    """Who hears the loop's signs of life."""

    def alive(self) -> None:
        """Note one."""
        ...

    def silent_for_s(self) -> float:
        """Return how long ago the last one was, in seconds."""
        ...


class Membership(Protocol):
    """Who knows how the group and the commits fare."""

    @property
    def joined(self) -> bool:
        """Whether this process is a member of the group."""
        ...

    @property
    def commit_failure(self) -> str:
        """Why the last commit was refused; nothing since one has been confirmed."""
        ...


class RunProbes:
    """/startupz, /livez and /readyz, which answer from the first moment on.

    A start may wait for a model or a broker as long as it has to: until the stream runs, /livez is well all the same.
    A broker that is away fails /livez at no time, since the loop turns on.
    """

    def __init__(self, settings: RunSettings, loop: LoopWatch) -> None:
        self._live_within_s = settings.live_within
        self._loop = loop
        self._awaited = "starting"
        self._membership: Membership | None = None

    def awaiting(self, what: str) -> None:
        """Say what the start waits for now."""
        self._awaited = f"starting: waiting for {what}"

    def running(self, membership: Membership) -> None:
        """Note that the stream runs from now on: its model is loaded and its transactions are its own."""
        self._loop.alive()
        self._membership = membership

    def checks(self) -> dict[str, Check]:
        """Return what each path asks."""
        return {"/livez": self.live, "/readyz": self.ready, "/startupz": self.started}

    def started(self) -> str:
        """Return what the start waits for."""
        return "" if self._membership else self._awaited

    def live(self) -> str:
        """Return for how long the loop has not turned, where that is too long."""
        silent_s = self._loop.silent_for_s() if self._membership else 0.0
        return f"the loop has not turned for {silent_s:.0f} s" if silent_s > self._live_within_s else ""

    def ready(self) -> str:
        """Return why nothing would come of new reviews."""
        if self._membership is None:
            return self._awaited
        if not self._membership.joined:
            return "not a member of the group"
        failure = self._membership.commit_failure
        return f"commits fail: {failure}" if failure else ""
