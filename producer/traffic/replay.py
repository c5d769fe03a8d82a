"""Replay: reviews from a bounded source to the publisher, each when it is due, every one accounted for."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Protocol

import msgspec

from producer.ingest.ports import Publisher
from producer.traffic.replay_report import BadRowPolicy, Ending, ReplayPlan, ReplayProgress, ReplayReport, Rounds
from producer.traffic.schedule import Pacer
from shared.clock import Clock
from shared.errors import InputError, Reason, RecordError, ReviewstreamError
from shared.review_rows import BadRow, ReviewRow
from shared.reviews import REVIEW_ID_CHARS_MAX, Review

TELL_EVERY_S = 0.2


class ReviewSource(Protocol):
    """Bounded reviews that can be read again from the first on."""

    def read(self) -> Iterator[ReviewRow | BadRow]:
        """Yield every row; InputError where the source can't be read any further."""
        ...

    def share_read(self) -> float | None:
        """Return which share of the rows was read in this round, None where that is unknown."""
        ...


class ReplayObserver(Protocol):
    """Watches a replay."""

    def progressed(self, progress: ReplayProgress) -> None:
        """Take note of how far the replay is; called a few times a second."""
        ...

    def found_bad_row(self, row: BadRow) -> None:
        """Take note of a row that holds no review."""
        ...


class Replay:
    """One replay of one source; `stop_requested` is asked before each review."""

    def __init__(  # noqa: PLR0913 - each is one port
        self,
        source: ReviewSource,
        publisher: Publisher,
        *,
        pacer: Pacer,
        clock: Clock,
        observer: ReplayObserver,
        plan: ReplayPlan,
        stop_requested: Callable[[], bool],
    ) -> None:
        self._source = source
        self._publisher = publisher
        self._pacer = pacer
        self._clock = clock
        self._observer = observer
        self._plan = plan
        self._stop_requested = stop_requested
        self._sent = 0
        self._bad_rows = 0
        self._outside = 0
        self._started = 0.0
        self._told = 0.0

    def run(self) -> ReplayReport:
        """Send everything, wait for the acknowledgements, and report; an error that ended it stands in the report."""
        self._started = self._told = self._clock.monotonic()
        ending, error = Ending.ERROR, None
        try:
            ending = self._send_all()
        except ReviewstreamError as failure:
            error = failure
        # Also after an error: what was taken over before it must be answered for.
        self._publisher.drain(self._plan.drain_wait_s_max)
        progress = self._progress()
        self._observer.progressed(progress)
        return ReplayReport(ending, progress, error)

    def _send_all(self) -> Ending:
        for round_number in count(1):
            sent_before = self._sent
            ending = self._send_round(round_number)
            # A round that sent nothing would be followed by others like it, for ever.
            if ending is not Ending.END_OF_INPUT or self._sent == sent_before:
                return ending
            if self._plan.rounds is Rounds.ONE:
                break
        return Ending.END_OF_INPUT

    def _send_round(self, round_number: int) -> Ending:
        for row in self._source.read():
            # A stopped input may end inside a row: that row is neither sent nor bad.
            if self._stop_requested():
                break
            self._tell_now_and_then()
            if isinstance(row, BadRow):
                self._put_aside(row)
            elif not self._plan.window.holds(row.review.created_at):
                self._outside += 1
            else:
                self._pacer.wait()
                if self._stop_requested():
                    break
                self._send(row, round_number)
                if self._sent == self._plan.limit:
                    return Ending.LIMIT
        return Ending.SIGNAL if self._stop_requested() else Ending.END_OF_INPUT

    def _send(self, row: ReviewRow, round_number: int) -> None:
        try:
            self._publisher.publish(of_round(row.review, round_number))
        except RecordError as error:
            self._put_aside(BadRow(row.place, str(error)))
        else:
            self._sent += 1

    def _put_aside(self, row: BadRow) -> None:
        self._bad_rows += 1
        self._observer.found_bad_row(row)
        if self._plan.bad_rows is BadRowPolicy.STOP:
            raise InputError(str(row), hint="mend the row, or go on past rows like it with --skip-bad-rows")

    def _tell_now_and_then(self) -> None:
        now = self._clock.monotonic()
        if now - self._told >= TELL_EVERY_S:
            self._told = now
            self._observer.progressed(self._progress())

    def _progress(self) -> ReplayProgress:
        seconds = self._clock.monotonic() - self._started
        return ReplayProgress(self._publisher.deliveries(), self._bad_rows, self._outside, seconds, self._share())

    def _share(self) -> float | None:
        of_limit = self._sent / self._plan.limit if self._plan.limit else None
        # Read round after round, the source's own share says nothing about the whole.
        of_source = self._source.share_read() if self._plan.rounds is Rounds.ONE else None
        return max((share for share in (of_limit, of_source) if share is not None), default=None)


def of_round(review: Review, round_number: int) -> Review:
    """Return the review under an id that no other round uses: `#2` is added in the second one."""
    if round_number == 1:
        return review
    review_id = f"{review.review_id}#{round_number}"
    if len(review_id) > REVIEW_ID_CHARS_MAX:
        raise RecordError(Reason.SCHEMA, f"the id has no room for #{round_number} within {REVIEW_ID_CHARS_MAX} chars")
    return msgspec.structs.replace(review, review_id=review_id)
