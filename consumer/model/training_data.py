"""What a model learns from and what it is judged by: the sample reviews, or a file of the user's."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from consumer.model.class_names import ClassNames
from consumer.model.metrics import TrainingData
from shared.datasets import DATASETS, PACKAGE, LabelledReview, Split, read_dataset, split_of_text
from shared.errors import InputError
from shared.review_files import FileFormat, ReviewFile
from shared.review_rows import BadRow, ColumnMapping

# Fewer rows can't be split into folds that all know every class.
ROWS_MIN = 10


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """Reviews to learn from and reviews kept apart, by data set; `source` says where they are from."""

    source: str
    learn: Mapping[str, Sequence[LabelledReview]]
    held_out: Mapping[str, Sequence[LabelledReview]]
    duplicates_dropped: int = 0

    def all(self) -> list[LabelledReview]:
        """Return every review, those kept apart first."""
        return [review for part in (self.held_out, self.learn) for reviews in part.values() for review in reviews]

    def describe(self) -> TrainingData:
        """Return what a manifest says about the data."""
        learn = [review for reviews in self.learn.values() for review in reviews]
        by_class = dict(sorted(Counter(review.sentiment for review in learn).items()))
        return TrainingData(self.source, len(learn), by_class, data_digest(learn), self.duplicates_dropped)


@dataclass(frozen=True, slots=True)
class LabelledFile:
    """A file of labelled reviews: which columns it has and what its labels mean."""

    path: str
    columns: ColumnMapping
    names: ClassNames
    file_format: FileFormat | None = None

    def read(self) -> list[LabelledReview]:
        """Return all reviews; InputError, naming the place, at the first that can't be learnt from."""
        reviews: list[LabelledReview] = []
        for row in ReviewFile(self.path, self.columns, self.file_format).read():
            if isinstance(row, BadRow):
                raise InputError(str(row), hint="a model learns from whole files: mend the row or take it out")
            sentiment = self.names.sentiment(row.label, row.place, self.columns.label)
            reviews.append(LabelledReview(row.review.review_id, row.review.text, sentiment))
        return reviews


def sample_data() -> TrainingSet:
    """Return the sample reviews in their fixed split."""
    learn = {name: list(read_dataset(name, Split.TRAIN)) for name in DATASETS}
    held_out = {name: list(read_dataset(name, Split.HELD_OUT)) for name in DATASETS}
    return without_duplicates(TrainingSet(PACKAGE, learn, held_out))


def file_data(file: LabelledFile) -> TrainingSet:
    """Return a file's reviews, a fifth kept apart; InputError where they can't be learnt from."""
    found = split_file(file)
    count = len(found.all())
    if count < ROWS_MIN:
        raise InputError(f"{file.path} has {count} labelled reviews, at least {ROWS_MIN} are needed", hint="add more")
    return without_duplicates(found)


def split_file(file: LabelledFile) -> TrainingSet:
    """Return all of a file's reviews in the split that a training on it makes; InputError where one is no good."""
    name = Path(file.path).stem
    sides: dict[Split, list[LabelledReview]] = {Split.TRAIN: [], Split.HELD_OUT: []}
    for review in file.read():
        sides[split_of_text(review.text)].append(review)
    return TrainingSet(Path(file.path).name, {name: sides[Split.TRAIN]}, {name: sides[Split.HELD_OUT]})


def without_duplicates(data: TrainingSet) -> TrainingSet:
    """Return the data without those held-out reviews that were also learnt, but for case and white space."""
    learnt = {plain(review.text) for reviews in data.learn.values() for review in reviews}
    kept = {
        name: [review for review in reviews if plain(review.text) not in learnt]
        for name, reviews in data.held_out.items()
    }
    dropped = sum(map(len, data.held_out.values())) - sum(map(len, kept.values()))
    return replace(data, held_out=kept, duplicates_dropped=dropped)


def check_classes(reviews: Iterable[LabelledReview], source: str, folds: int) -> tuple[str, ...]:
    """Return the classes in the data, sorted; InputError where there is one only, or one too rare to learn."""
    counts = Counter(review.sentiment for review in reviews)
    if len(counts) < 2:  # noqa: PLR2004 - one class is no choice
        raise InputError(
            f"{source}: all {counts.total()} reviews to learn from are {next(iter(counts), 'missing')}",
            hint="a model needs at least two of positive, neutral, negative",
        )
    rarest, count = min(counts.items(), key=lambda pair: pair[1])
    if count < folds:
        raise InputError(
            f"{source}: {count} of the reviews to learn from are {rarest}, at least {folds} are needed",
            hint=f"add more, or take the class {rarest} out",
        )
    return tuple(sorted(counts))


def data_digest(reviews: Sequence[LabelledReview]) -> str:
    """Return the SHA-256 of the training data: texts and labels in order."""
    digest = hashlib.sha256()
    for review in reviews:
        # A text that JSON let through may hold half a character.
        digest.update(f"{review.sentiment}\0{review.text}\0".encode(errors="surrogatepass"))
    return digest.hexdigest()


def plain(text: str) -> str:
    """Return what two texts have in common that differ in case and white space only."""
    return " ".join(text.lower().split())
