"""Texts as one piece of UTF-8 are scored as the same texts one by one."""

from pathlib import Path

import numpy as np
import pytest

from consumer.model.load import load_scorer
from consumer.scoring.texts import Utf8Texts
from tests.support.hard_texts import HARD_TEXTS


def utf8(texts: list[str]) -> Utf8Texts:
    encoded = [text.encode() for text in texts]
    return Utf8Texts(b"".join(encoded), np.array([len(part) for part in encoded], np.int64).cumsum())


def test_texts_are_a_sequence_that_can_be_cut() -> None:
    texts = utf8(["one", "", "zwölf", "4"])
    assert list(texts) == ["one", "", "zwölf", "4"]
    assert list(texts[1:3]) == ["", "zwölf"]
    assert list(texts[1:3][1:]) == ["zwölf"]
    assert list(texts[3:2]) == []
    assert (texts[-1], len(texts)) == ("4", 4)
    with pytest.raises(IndexError):
        texts[4]
    with pytest.raises(ValueError, match="gaps"):
        texts[::2]


def test_the_scorer_reads_them_as_it_reads_a_list(small_model: Path) -> None:
    scorer = load_scorer(small_model).scorer
    # A lone surrogate has no UTF-8: no column holds one.
    plain = [text for text in HARD_TEXTS if not any("\ud800" <= letter <= "\udfff" for letter in text)]
    for texts in (["a good day", "bad"], plain, ["one alone"], ["ΣΑΣ good", "bad"], []):
        expected, found = scorer.score(texts), scorer.score(utf8(texts))
        assert found.labels == expected.labels
        assert np.array_equal(found.probabilities, expected.probabilities)
