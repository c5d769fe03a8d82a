"""The model's definition: a scikit-learn pipeline, TF-IDF of words and word pairs into logistic regression."""

from typing import Any

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

NAME = "tfidf-logistic-regression"


def build_pipeline(seed: int) -> Any:
    """Return the untrained pipeline (sklearn Pipeline); the same data and seed train the same model."""
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    # liblinear runs on one thread and always sums in the same order: trained twice, the digest is the same.
    classifier = LogisticRegression(C=10, solver="liblinear", random_state=seed)
    return Pipeline([("words", words), ("classifier", classifier)])
