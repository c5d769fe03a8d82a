import json
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from consumer.model.class_names import ClassNames
from consumer.model.training_data import (
    LabelledFile,
    TrainingSet,
    check_classes,
    file_data,
    sample_data,
    without_duplicates,
)
from shared.datasets import LabelledReview
from shared.errors import ConfigurationError, InputError
from shared.review_rows import ColumnMapping


def write_rows(path: Path, labels: list[str], text: str = "text number {}") -> Path:
    rows = [json.dumps({"text": text.format(number), "label": label}) for number, label in enumerate(labels)]
    path.write_text("\n".join(rows) + "\n")
    return path


def labelled_file(path: Path, *classes: str, columns: ColumnMapping | None = None) -> LabelledFile:
    return LabelledFile(str(path), columns or ColumnMapping(), ClassNames.parse(classes))


def test_stars_become_three_classes(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "stars.jsonl", ["1", "2", "3", "4", "5", "2.0", "4.5", "3", "1", "5"])
    sentiments = [review.sentiment for review in labelled_file(path).read()]
    assert sentiments[:7] == ["negative", "negative", "neutral", "positive", "positive", "negative", "positive"]


def test_own_labels_are_mapped(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "own.jsonl", ["good", "bad", "a=b"])
    reviews = labelled_file(path, "good=positive", "bad=negative", "a=b=neutral").read()
    assert [review.sentiment for review in reviews] == ["positive", "negative", "neutral"]


def test_columns_can_have_other_names(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("comment,stars\nfine,5\nfoul,1\n")
    reviews = labelled_file(path, columns=ColumnMapping(text="comment", label="stars")).read()
    assert [(review.text, review.sentiment) for review in reviews] == [("fine", "positive"), ("foul", "negative")]


def test_parquet_columns_of_numbers_are_stars(tmp_path: Path) -> None:
    path = tmp_path / "orders.parquet"
    parquet.write_table(pa.table({"comment": ["fine", "foul", "plain"], "stars": [5, 1, 3]}), path)
    reviews = labelled_file(path, columns=ColumnMapping(text="comment", label="stars")).read()
    assert [review.sentiment for review in reviews] == ["positive", "negative", "neutral"]


@pytest.mark.parametrize("label", ["good", "6", "0", "nan", "1e999"])
def test_an_unknown_class_is_refused_with_its_place(tmp_path: Path, label: str) -> None:
    path = write_rows(tmp_path / "file.jsonl", ["positive", label])
    with pytest.raises(InputError, match=rf"file\.jsonl:2: unknown class '{label}'"):
        labelled_file(path).read()


def test_a_mapping_leaves_no_label_to_chance(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "file.jsonl", ["good", "negative"])
    with pytest.raises(InputError, match="unknown class 'negative'; known are good"):
        labelled_file(path, "good=positive").read()


def test_a_missing_label_is_refused_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text("text,label\nfine,positive\nfoul,\n")
    with pytest.raises(InputError, match=r"file\.csv:3: there is no label in 'label'"):
        labelled_file(path).read()


def test_a_row_without_text_is_refused_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text("text,label\n,positive\n")
    with pytest.raises(InputError, match=r"file\.csv:2"):
        labelled_file(path).read()


def test_few_rows_are_refused(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "file.jsonl", ["positive", "negative"] * 4)
    with pytest.raises(InputError, match="8 labelled reviews, at least 10"):
        file_data(labelled_file(path))


def test_one_class_is_refused() -> None:
    reviews = [LabelledReview(str(number), f"text {number}", "positive") for number in range(20)]
    with pytest.raises(InputError, match="all 20 reviews to learn from are positive"):
        check_classes(reviews, "file", 3)


def test_a_class_rarer_than_the_folds_is_refused() -> None:
    reviews = [LabelledReview(str(number), f"text {number}", "positive") for number in range(20)]
    reviews.append(LabelledReview("20", "text 20", "negative"))
    with pytest.raises(InputError, match="1 of the reviews to learn from are negative, at least 3"):
        check_classes(reviews, "file", 3)


def test_a_class_assignment_that_is_none_is_refused() -> None:
    for wrong in ("good", "good=", "=positive", "good=great"):
        with pytest.raises(ConfigurationError, match="is not LABEL=SENTIMENT"):
            ClassNames.parse([wrong])


def test_learnt_reviews_are_not_judged_by_whatever_their_case_and_spaces() -> None:
    learn = [LabelledReview("1", "A fine  story", "positive")]
    held_out = [LabelledReview("2", "a fine story ", "positive"), LabelledReview("3", "a foul story", "negative")]
    data = without_duplicates(TrainingSet("file", {"all": learn}, {"all": held_out}))
    assert data.duplicates_dropped == data.describe().duplicates_dropped == 1
    assert [review.review_id for review in data.held_out["all"]] == ["3"]


def test_a_file_is_split_the_same_way_whatever_the_order_of_its_rows(tmp_path: Path) -> None:
    labels = ["positive", "negative"] * 50
    forwards = file_data(labelled_file(write_rows(tmp_path / "one.jsonl", labels)))
    lines = (tmp_path / "one.jsonl").read_text().splitlines()
    (tmp_path / "two.jsonl").write_text("\n".join(reversed(lines)) + "\n")
    backwards = file_data(labelled_file(tmp_path / "two.jsonl"))
    assert {review.text for review in forwards.held_out["one"]} == {review.text for review in backwards.held_out["two"]}
    assert 10 <= len(forwards.held_out["one"]) <= 30


def test_no_sample_review_is_on_both_sides() -> None:
    data = sample_data()
    learnt = {review.text for reviews in data.learn.values() for review in reviews}
    assert not any(review.text in learnt for reviews in data.held_out.values() for review in reviews)
