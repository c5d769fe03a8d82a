"""What the log says of batches: each one where somebody looks closely, dead letters always."""

import logging
from collections import Counter
from typing import Any

from consumer.scoring.outcome import Outcome
from consumer.scoring.ports import BatchTimes
from shared.logs import get_logger


class BatchLog:
    """Tells of batches, never of what is in them: a record is named by its place."""

    def __init__(self) -> None:
        self._log = get_logger("batch")
        self._closely = self._log.is_enabled_for(logging.DEBUG)

    def scored(self, outcome: Outcome[Any], times: BatchTimes) -> None:
        """Say what became of a batch."""
        if self._closely:
            self._log.debug(
                "batch_done",
                records=len(outcome.batch),
                dead_letters=len(outcome.dead_letters),
                ms=round(1000 * (times.decode_s + times.score_s + times.deliver_s), 3),
                closed_by=outcome.batch.closed_by.value,
            )
        if outcome.dead_letters:
            self._tell_dead_letters(outcome)

    def _tell_dead_letters(self, outcome: Outcome[Any]) -> None:
        """Tell the first of each reason and how many there are: one line for each of the few reasons."""
        counts = Counter(letter.reason for letter in outcome.dead_letters)
        firsts = {letter.reason: letter for letter in reversed(outcome.dead_letters)}
        for reason, letter in firsts.items():
            self._log.warning(
                "dead_lettered",
                reason=reason.value,
                stage=letter.stage,
                topic=letter.record.topic(),
                partition=letter.record.partition(),
                offset=letter.record.offset(),
                records=counts[reason],
                hint="`review-consumer dlq show` shows what it holds, `dlq replay` puts it back once it can be read",
            )
