"""Probes that answer for all workers, and where Prometheus finds them."""

import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Protocol

import msgspec

from consumer.supervising.supervisor import WorkerView
from shared.page_client import EVERYWHERE, ask_own
from shared.probes import Check, Page

# A worker's probes answer within milliseconds; who asks gives up after a few seconds.
ANSWER_S_MAX = 1.0
ANSWER_BYTES_MAX = 1000
ASKED_AT_ONCE_MAX = 8
SILENCE_S_MAX = 30.0
# What a Host header may name: anything else is not repeated to anybody.
HOST = re.compile(r"([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:\d{1,5})?")

Ask = Callable[[int, str], str]


class Workers(Protocol):
    """Who knows the workers."""

    def workers(self) -> list[WorkerView]:
        """Return how each stands."""
        ...

    def silent_for_s(self) -> float:
        """Return how long ago somebody last looked at them, in seconds."""
        ...


class WorkerProbes:
    """/livez, /readyz and /startupz of the parent: as well as the worst of its workers.

    A worker that is being started again fails readiness, not liveness: the parent is at it.
    """

    def __init__(self, workers: Workers, ask: Ask) -> None:
        """`ask` returns what is wrong by a path of the worker at a port."""
        self._workers = workers
        self._ask = ask
        self._asking = ThreadPoolExecutor(ASKED_AT_ONCE_MAX, "asking-workers")
        self._all_started = False

    def checks(self) -> dict[str, Check]:
        """Return what each path asks."""
        return {"/livez": self.live, "/readyz": self.ready, "/startupz": self.started}

    def live(self) -> str:
        """Return which workers are stuck, or that nobody looks after them."""
        silent_s = self._workers.silent_for_s()
        if silent_s > SILENCE_S_MAX:
            return f"nobody has looked at the workers for {silent_s:.0f} s"
        return self._wrong("/livez", [worker for worker in self._workers.workers() if worker.port is not None])

    def ready(self) -> str:
        """Return which workers would label nothing."""
        return self._wrong("/readyz", [worker for worker in self._workers.workers() if not worker.done])

    def started(self) -> str:
        """Return which workers have not started; nothing any more once all had."""
        if not self._all_started:
            wrong = self._wrong("/startupz", [worker for worker in self._workers.workers() if not worker.done])
            self._all_started = not wrong
            return wrong
        return ""

    def _wrong(self, path: str, workers: Sequence[WorkerView]) -> str:
        said = self._asking.map(lambda worker: self._ask_one(worker, path), workers)
        return "; ".join(f"worker {worker.name}: {wrong}" for worker, wrong in zip(workers, said, strict=True) if wrong)

    def _ask_one(self, worker: WorkerView, path: str) -> str:
        return "it does not serve yet" if worker.port is None else self._ask(worker.port, path)


def asking(host: str) -> Ask:
    """Return what asks workers that listen on this address."""

    def ask(port: int, path: str) -> str:
        answer = ask_own(host, port, path, ANSWER_S_MAX, ANSWER_BYTES_MAX)
        if answer is None:
            return f"no answer within {ANSWER_S_MAX:g} s"
        status, body = answer
        said = body.decode("utf-8", "replace").strip()
        return "" if status == HTTPStatus.OK else said or f"it answered {status}"

    return ask


def targets_page(workers: Workers, host: str, own_port: Callable[[], int]) -> Page:
    """Return /targets, which Prometheus's HTTP service discovery reads: each worker, and the parent itself.

    Where the parent listens everywhere, workers are found by the name that the parent was asked by. The parent has no
    label `worker`: its metrics have one of their own.
    """

    def page(asked_host: str) -> bytes:
        match = HOST.fullmatch(asked_host)
        address = match[1] if host in EVERYWHERE and match else host
        found: list[dict[str, object]] = [
            {"targets": [f"{address}:{worker.port}"], "labels": {"worker": worker.name}}
            for worker in workers.workers()
            if worker.port is not None
        ]
        return msgspec.json.encode([*found, {"targets": [f"{address}:{own_port()}"], "labels": {}}])

    return page
