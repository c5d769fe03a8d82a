"""The default recipe on a hundred obvious one-liners, which were written before it and chose nothing in it."""

import json
from pathlib import Path

import pytest

from consumer.model.reference import load_reference
from consumer.model.train import Reporter, TrainingPlan, train
from consumer.model.training_data import sample_data

RIGHT_MIN = 88
ONE_LINERS = Path(__file__).with_name("one_liners.json")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_obvious_one_liners_come_out_right(tmp_path: Path) -> None:
    train(tmp_path / "model", "1", sample_data(), TrainingPlan("default"), Reporter())
    scorer, _ = load_reference(tmp_path / "model")
    texts = json.loads(ONE_LINERS.read_text("utf-8"))
    scores = scorer.score([row["text"] for row in texts])
    wrong = [
        f"{row['label']}: {label} ({positive:.2f}) {row['text']}"
        for row, label, positive in zip(texts, scores.labels, scores.probabilities[:, 1], strict=True)
        if label != row["label"]
    ]
    print("\n".join(wrong))  # noqa: T201 - the list is what the test is for
    assert len(texts) == 100
    assert len(texts) - len(wrong) >= RIGHT_MIN, "\n".join(wrong)
