from consumer.model.specification import Features
from consumer.model.tokenising import mark_negation, ngrams, reviews, terms, words


def test_words_are_runs_of_two_or_more_word_characters_in_small_letters() -> None:
    assert words("I can't say: It was A 7/10, na\u00efve_ly \u0399\u03a3") == [
        "can",
        "say",
        "it",
        "was",
        "10",
        "na\u00efve_ly",
        "\u03b9\u03c2",
    ]


def test_reviews_keep_one_letter_words_apostrophes_and_punctuation() -> None:
    assert reviews("I can't say 7/10 (rock 'n' roll)!") == [
        *("i", "can't", "say", "7", "10", "(", "rock", "n", "roll", ")", "!")
    ]


def test_a_line_break_tag_is_no_token_however_it_is_written() -> None:
    for tag in ("<br>", "<br/>", "<br />", "<BR />", "<bR\tclear=left>", "<br\n>"):
        assert reviews(f"one{tag}two") == ["one", "two"], tag


def test_what_only_looks_like_a_line_break_tag_is_text() -> None:
    assert reviews("a <brave> b") == ["a", "brave", "b"]
    assert reviews("a <br b") == ["a", "br", "b"]
    assert reviews("a <br /0123456789abcdef> b") == ["a", "br", "0123456789abcdef", "b"]
    assert reviews("a <br /\u00e9> b") == ["a", "br", "\u00e9", "b"]
    assert reviews("a <br <br> b") == ["a", "br", "b"]


def test_apostrophes_hold_words_together_only_between_word_characters() -> None:
    assert reviews("it\u2019s 'tis dogs' don''t o'clock's") == ["it's", "tis", "dogs", "don", "t", "o'clock's"]


def mark(text: str) -> str:
    return " ".join(mark_negation(text.split(" ")))


def test_three_words_behind_a_negation_are_marked() -> None:
    assert mark("it was not a very good film") == "it was not ~a ~very ~good film"


def test_punctuation_ends_a_negation_and_is_never_marked() -> None:
    assert mark("not bad , good") == "not ~bad , good"


def test_a_negation_within_a_scope_is_not_marked_and_opens_it_anew() -> None:
    assert mark("never say it isn't as good as that") == "never ~say ~it isn't ~as ~good ~as that"


def test_hasty_spellings_negate_too() -> None:
    assert mark("dont like") == "dont ~like"


def test_a_line_break_does_not_end_a_negation() -> None:
    assert mark_negation(reviews("not<br />good")) == ["not", "~good"]


def test_ngrams_hold_their_neighbours_marks_and_punctuation_included() -> None:
    assert ngrams(["not", "~good", "!"], 3) == ["not", "~good", "!", "not ~good", "~good !", "not ~good !"]
    assert ngrams(["one"], 3) == ["one"]
    assert ngrams([], 3) == []


def test_terms_follow_the_features() -> None:
    features = Features(tokens="words", negation="none", ngram_max=2, weighting="counts", norm="none")
    assert terms("It is not, is it", features) == ["it", "is", "not", "is", "it", "it is", "is not", "not is", "is it"]
