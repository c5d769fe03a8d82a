"""A comparison that nobody measured: one model that is as it should be, to be changed where a test wants."""

from consumer.measuring.accuracy import ClassQuality, Quality
from consumer.measuring.answers import Parity
from consumer.measuring.comparing import ALL_AT_ONCE, ONE_AT_A_TIME, costs_of
from consumer.measuring.costs import crossings
from consumer.measuring.results import Comparison
from consumer.measuring.sample import Evidence, SampleFacts
from consumer.measuring.subject import Measurement, Subject
from consumer.measuring.timing import Round, spread, summarise
from consumer.measuring.verdict import Thresholds, judge
from consumer.measuring.ways import Mode, ScoredBy
from consumer.model.metrics import Bin, share

THRESHOLDS = Thresholds(accuracy_min=0.85, real_time_s_max=0.1, fast_s_max=0.005)
REVIEWS = 200


def quality(right: int = 180, of: int = 200) -> Quality:
    """Return answers of which so many are right."""
    found = ClassQuality(0.9, 0.9, 0.9, of // 2)
    return Quality(share(right, of), 0.9, {"negative": found, "positive": found}, share(6, of), share(right, of))


def measurement(
    mode: Mode,
    way: str,
    review_s: float,
    chunk: int | None = None,
    parity: Parity | None = None,
) -> Measurement:
    """Return three rounds that took so long a review."""
    call_s = review_s * (min(chunk or REVIEWS, REVIEWS) if mode is Mode.BATCH else 1)
    rounds = [
        Round(
            review_s * REVIEWS * pace, review_s * REVIEWS, review_s * REVIEWS * pace, REVIEWS, [call_s * pace] * REVIEWS
        )
        for pace in (0.9, 1.0, 1.2)
    ]
    same = parity or Parity(REVIEWS, 0, 0.0)
    return Measurement(mode, way, summarise(rounds), quality(), same, 250.0, chunk)


def subject(recipe: str = "default", alone_s: float = 2e-5, parity: Parity | None = None) -> Subject:
    """Return a model measured in every mode."""
    return Subject(
        folder=f"models/{recipe}",
        recipe=recipe,
        digest="ab" * 32,
        scored_by=ScoredBy.COMPILED,
        serves=True,
        start_s=spread([1.5, 1.6, 1.9]),
        measurements=[
            measurement(Mode.BATCH, "all in one call", 1e-5, 0),
            measurement(Mode.BATCH, "10 a call", 1.2e-5, 10),
            measurement(Mode.REAL_TIME, "one a call", alone_s, parity=parity),
            measurement(Mode.MICRO_BATCH, "1,000 a second", 3e-5),
            measurement(Mode.STREAM, ALL_AT_ONCE, 6e-5),
            measurement(Mode.STREAM, ONE_AT_A_TIME, 4e-3),
        ],
        reliability=(Bin(0, 0.0, 0.0),) * 5 + (Bin(40, 0.55, 0.6),) * 3 + (Bin(40, 0.85, 0.8), Bin(40, 0.95, 0.97)),
    )


def comparison(*subjects: Subject) -> Comparison:
    """Return a whole comparison, judged."""
    compared = list(subjects) or [subject(), subject("fast")]
    costs = costs_of(compared[0])
    return Comparison(
        machine={
            "processor": "a processor",
            "cores": 2,
            "system": "a system",
            "python": "3.11",
            "load_average_1_min": 0.1,
        },
        settings={"broker": "local Kafka"},
        sample=SampleFacts(
            "a file", 200, 200, 0, {"negative": 100, "positive": 100}, {"models/default": Evidence.PROVEN}
        ),
        subjects=compared,
        left_out=[],
        costs=costs,
        crossings=crossings(costs),
        advice=None,
        checks=judge(compared, THRESHOLDS),
    )
