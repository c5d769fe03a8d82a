"""A text that the model can't score costs its neighbours nothing: the batch is halved until the text is alone."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from consumer.scoring.outcome import Scores, TermCounts
from consumer.scoring.ports import Scorer
from shared.errors import FatalError
from shared.logs import get_logger


@dataclass(frozen=True, slots=True)
class IsolatedScores:
    """The scores of the texts that could be scored, in order, and why the others could not, by their row."""

    scores: Scores
    failures: dict[int, str] = field(default_factory=dict)


def score_isolating(scorer: Scorer, texts: Sequence[str]) -> IsolatedScores:
    """Score texts; FatalError where the scorer fails whatever it is given, MemoryError where not even one text fits."""
    try:
        return IsolatedScores(scorer.score(texts))
    except Exception as error:  # noqa: BLE001 - a model is somebody's code: it may raise anything
        get_logger("scoring").warning("scorer_failed", texts=len(texts), error=type(error).__name__, then="isolating")
    try:
        nothing = scorer.score([])
    except MemoryError:
        raise
    except Exception as error:
        raise FatalError(
            f"the scorer fails without any text: {type(error).__name__}: {error}",
            hint="`review-consumer model verify` checks the model",
        ) from error
    failures: dict[int, str] = {}
    parts = [nothing]
    _halve(scorer, texts, 0, parts, failures)
    return IsolatedScores(_joined(parts), failures)


def _halve(scorer: Scorer, texts: Sequence[str], first: int, parts: list[Scores], failures: dict[int, str]) -> None:
    """Score both halves; `first` is the row of the first text in the whole batch."""
    middle = (len(texts) + 1) // 2
    for start, part in ((first, texts[:middle]), (first + middle, texts[middle:])):
        if not part:
            continue
        try:
            parts.append(scorer.score(part))
        except Exception as error:
            if len(part) > 1:
                _halve(scorer, part, start, parts, failures)
            elif isinstance(error, MemoryError):
                # The process is at its end, not the text: it becomes no dead letter.
                raise
            else:
                failures[start] = f"the model can't score the text: {type(error).__name__}"


def _joined(parts: Sequence[Scores]) -> Scores:
    first = parts[0]
    return Scores(
        first.model,
        first.classes,
        [label for part in parts for label in part.labels],
        np.concatenate([part.confidences for part in parts]),
        np.concatenate([part.probabilities for part in parts]),
        terms=_terms([part.terms for part in parts]),
    )


def _terms(counts: Sequence[TermCounts | None]) -> TermCounts | None:
    told = [count for count in counts if count is not None]
    # The same scorer gave all of them: it can tell, or it can't.
    return (sum(looked_up for looked_up, _ in told), sum(known for _, known in told)) if told else None
