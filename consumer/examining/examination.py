"""Makes checks one after another: skips what builds on a failed one, and leaves behind what does not answer in time."""

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Protocol

from consumer.examining.finding import Check, Finding, Note, Status, failure, skipped
from shared.clock import Clock
from shared.errors import ReviewstreamError


class Listener(Protocol):
    """Told how an examination goes on."""

    def started(self, number: int, check: Check) -> None:
        """Take that a check is being made; numbers count from 1."""
        ...

    def ended(self, number: int, finding: Finding) -> None:
        """Take what a check saw, made or skipped."""
        ...


def examine(checks: Sequence[Check], within_s: float, listener: Listener, clock: Clock) -> list[Finding]:
    """Return what each check saw, in order; all together take no longer than `within_s` seconds."""
    deadline_s = clock.monotonic() + within_s
    findings: list[Finding] = []
    # What failed, by the check that could not be made because of it.
    causes: dict[str, str] = {}
    for number, check in enumerate(checks, 1):
        listener.started(number, check)
        started_s = clock.monotonic()
        cause = next((causes[name] for name in check.after if name in causes), None)
        if cause is not None:
            notes: Sequence[Note] = [skipped(f"not made: it needs {cause}")]
        else:
            notes = _notes(check, deadline_s - started_s, within_s)
        findings.append(Finding(check.name, tuple(notes), clock.monotonic() - started_s))
        if findings[-1].status in {Status.FAILED, Status.SKIPPED}:
            causes[check.name] = cause or check.name
        listener.ended(number, findings[-1])
    return findings


def _notes(check: Check, left_s: float, within_s: float) -> Sequence[Note]:
    if left_s <= 0:
        return [skipped(f"no time was left: all checks together may take {within_s:g} s (--within)")]
    limit_s = min(check.limit_s, left_s)
    try:
        return _in_a_thread(check).result(limit_s)
    except TimeoutError:
        return [
            failure(
                f"no answer within {limit_s:.1f} s",
                "an answer in time",
                "is what it asks overloaded, or hanging?"
                + (" --within gives all checks more time" if limit_s < check.limit_s else ""),
            )
        ]
    except ReviewstreamError as error:
        return [failure(str(error).partition("\n")[0].rstrip(":"), "", error.hint)]


def _in_a_thread(check: Check) -> "Future[Sequence[Note]]":
    answer: Future[Sequence[Note]] = Future()

    def ask() -> None:
        try:
            answer.set_result(check.run())
        except BaseException as error:  # noqa: BLE001 - raised again by who waits for the answer
            answer.set_exception(error)

    # A daemon: one that hangs must not keep the process.
    threading.Thread(target=ask, name=f"check {check.name}", daemon=True).start()
    return answer
