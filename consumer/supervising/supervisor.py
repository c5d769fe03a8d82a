"""Keeps workers running: starts them, starts again who failed, ends them together."""

import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from consumer.supervising.restarts import Ending, RestartBounds, Restarts, exit_code
from shared.clock import Clock
from shared.errors import FatalError
from shared.logs import get_logger


class Worker(Protocol):
    """A process that runs, or has ended."""

    @property
    def process_id(self) -> int:
        """Its number."""
        ...

    def status(self) -> int | None:
        """Return how it ended, negative for a signal; None while it runs."""
        ...

    def port(self) -> int | None:
        """Return the port it serves; None while it has not said so."""
        ...

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        ...


class WorkerObserver(Protocol):
    """Told when workers come and go."""

    def started(self, worker: str) -> None:
        """Note a start."""
        ...

    def ended(self, worker: str, ending: Ending) -> None:
        """Note an end."""
        ...


@dataclass(frozen=True, slots=True)
class WorkerView:
    """How a worker stands: `port` is None while it serves none, `done` says that it left with 0 and is not missed."""

    name: str
    port: int | None
    done: bool


@dataclass(slots=True)
class _Place:
    """One worker's place, and who holds it now."""

    name: str
    restarts: Restarts
    worker: Worker | None = None
    port: int | None = None
    started_at_s: float = 0.0
    # When to start the next one; None for never.
    start_at_s: float | None = 0.0
    done: bool = False


class Supervisor:
    """One place for each worker; `turn` looks at all of them and never waits."""

    def __init__(  # noqa: PLR0913, PLR0917 - one argument a collaborator or a bound
        self,
        names: Sequence[str],
        launch: Callable[[str], Worker],
        observer: WorkerObserver,
        clock: Clock,
        bounds: RestartBounds,
        stop_s_max: float,
    ) -> None:
        """`stop_s_max` is how long workers may take to stop before they are killed."""
        self._launch = launch
        self._observer = observer
        self._clock = clock
        self._stop_s_max = stop_s_max
        self._places = [_Place(name, Restarts(bounds)) for name in names]
        self._kill_at_s: float | None = None
        self._exit_code = 0
        self._looked_at_s = clock.monotonic()

    def turn(self) -> int | None:
        """Note who ended, start who is due; return the exit code once nobody runs or will."""
        now = self._looked_at_s = self._clock.monotonic()
        for place in self._places:
            if place.worker is not None:
                self._look_at(place, place.worker)
            elif place.start_at_s is not None and now >= place.start_at_s:
                self._start(place)
        if self._kill_at_s is not None and now >= self._kill_at_s:
            self._kill_all()
        waiting = any(place.worker is not None or place.start_at_s is not None for place in self._places)
        return None if waiting else self._exit_code

    def stop(self) -> None:
        """Ask every worker to stop; nobody is started any more."""
        if self._kill_at_s is not None:
            return
        self._kill_at_s = self._clock.monotonic() + self._stop_s_max
        for place in self._places:
            place.start_at_s = None
        # Before anything is said: a second signal ends this process, and must find the first one passed on.
        self.signal(signal.SIGTERM)
        get_logger("workers").info("workers_stopping", within_s=self._stop_s_max)

    def signal(self, number: signal.Signals) -> None:
        """Send every worker that runs a signal."""
        for place in self._places:
            if place.worker is not None:
                place.worker.signal(number)

    def workers(self) -> list[WorkerView]:
        """Return how each worker stands; any thread may ask."""
        return [WorkerView(place.name, place.port, place.done) for place in self._places]

    def silent_for_s(self) -> float:
        """Return how long ago the last turn was, in seconds."""
        return self._clock.monotonic() - self._looked_at_s

    def _start(self, place: _Place) -> None:
        try:
            place.worker = self._launch(place.name)
        except OSError as error:
            raise FatalError(f"worker {place.name} can't be started: {error.strerror}") from error
        place.port, place.start_at_s, place.started_at_s = None, None, self._clock.monotonic()
        self._observer.started(place.name)
        get_logger("workers").info("worker_started", of=place.name, process_id=place.worker.process_id)

    def _look_at(self, place: _Place, worker: Worker) -> None:
        status = worker.status()
        if status is None:
            place.port = worker.port()
            return
        place.worker = place.port = None
        if self._kill_at_s is not None and status == -signal.SIGTERM:
            # It had no handler for it yet, and so had begun nothing.
            status = 0
        ending = Ending.of(status)
        self._observer.ended(place.name, ending)
        if ending is Ending.DONE:
            place.done = True
            get_logger("workers").info("worker_done", of=place.name)
        elif self._kill_at_s is not None:
            self._exit_code = self._exit_code or exit_code(status)
            get_logger("workers").error("worker_failed", of=place.name, exit_code=exit_code(status), then="stopping")
        else:
            self._start_again_or_give_up(place, status)

    def _start_again_or_give_up(self, place: _Place, status: int) -> None:
        pause_s = place.restarts.pause_s(status, self._clock.monotonic() - place.started_at_s)
        code = exit_code(status)
        if pause_s is None:
            self._exit_code = code
            get_logger("workers").error(
                "worker_failed",
                of=place.name,
                exit_code=code,
                then="giving up: all workers are stopped",
                hint="its last lines say why it left",
            )
            self.stop()
            return
        place.start_at_s = self._clock.monotonic() + pause_s
        get_logger("workers").error(
            "worker_failed", of=place.name, exit_code=code, then=f"started again in {pause_s:g} s"
        )

    def _kill_all(self) -> None:
        for place in self._places:
            if place.worker is not None:
                get_logger("workers").error("worker_killed", of=place.name, waited_s=self._stop_s_max)
                place.worker.signal(signal.SIGKILL)
        # Once is enough: nobody outlives it.
        self._kill_at_s = float("inf")
