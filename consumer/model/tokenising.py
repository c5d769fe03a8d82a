r"""The reference tokeniser: how a text becomes terms, in plain Python that a compiled twin can follow to the letter.

Both tokenisers begin with `text.lower()` (str.lower, all of Unicode) and scan from left to right.

`words` is scikit-learn's default: runs of two or more word characters (`\w` of Python's re: str.isalnum() or `_`).

`reviews`, at each place the first of these that fits; what fits none separates and is skipped, one character at a time:
1. a line break tag: `<br>`, or `<br`, one of tab, newline, return, space and `/`, up to 15 ASCII characters other than
   `<` and `>`, then `>`. It gives no token, nor does it end a negation. (`<br` that is no such tag: `<` separates.)
2. a word: word characters, and single apostrophes that have a word character on both sides: "don't", "o'clock's".
   The typographic apostrophe (U+2019) is taken for `'` everywhere. One-letter words count.
3. one of `. , ! ? ; : ( )`: a token of its own that ends a negation.

Negation "marked": a word in NEGATIONS, or one that ends in "n't", opens a scope of three words. The words in it get the
prefix `~`. A negation within a scope is not marked, and opens the scope anew. Punctuation closes it. `~` is no word
character: no word can be taken for a marked one.

n-grams are runs of 1 to `ngram_max` neighbouring tokens (marks and punctuation included), joined by one space.
"""

import re
from collections.abc import Callable, Sequence

from consumer.model.specification import Features

NEGATION_WORDS = 3
MARK = "~"
APOSTROPHES = "\u2019"

_NEGATING = "not no never nor neither nothing nowhere nobody none without hardly barely cannot"
# Words in n't as they are written in haste.
_HASTY = (
    "aint arent cant couldnt didnt doesnt dont hadnt hasnt havent isnt mustnt neednt shouldnt wasnt werent wont wouldnt"
)
NEGATIONS = frozenset(f"{_NEGATING} {_HASTY}".split())
NEGATION_END = "n't"

PUNCTUATION = frozenset(".,!?;:()")

_find_words = re.compile(r"\b\w\w+\b").findall
# The tag has no group: findall gives "" for it.
_find_tokens = re.compile(r"<br(?:[\t\n\r /][\x00-;=?-\x7f]{0,15})?>|(\w+(?:'\w+)*|[.,!?;:()])").findall

Tokeniser = Callable[[str], list[str]]


def words(text: str) -> list[str]:
    """Return the text's words of two letters or more, lower-cased, as scikit-learn's vectorizers see them."""
    found: list[str] = _find_words(text.lower())
    return found


def reviews(text: str) -> list[str]:
    """Return the text's words and punctuation, lower-cased, without line break tags."""
    found: list[str] = _find_tokens(text.lower().replace(APOSTROPHES, "'"))
    return [token for token in found if token]


def is_negation(token: str) -> bool:
    """Return whether a token opens a negation's scope."""
    return token in NEGATIONS or token.endswith(NEGATION_END)


def mark_negation(tokens: Sequence[str]) -> list[str]:
    """Return the tokens, those in a negation's scope with the prefix `~`."""
    marked: list[str] = []
    left = 0
    for token in tokens:
        if token in PUNCTUATION:
            left = 0
            marked.append(token)
        elif is_negation(token):
            left = NEGATION_WORDS
            marked.append(token)
        elif left:
            left -= 1
            marked.append(MARK + token)
        else:
            marked.append(token)
    return marked


def tokeniser(features: Features) -> Tokeniser:
    """Return the function from a text to its tokens, marked where `features` say so."""
    split = {"words": words, "reviews": reviews}[features.tokens]
    if features.negation == "marked":
        return lambda text: mark_negation(split(text))
    return split


def ngrams(tokens: Sequence[str], ngram_max: int) -> list[str]:
    """Return all n-grams of 1 to `ngram_max` tokens, shortest first, each as often as it occurs."""
    found = list(tokens)
    for size in range(2, ngram_max + 1):
        found.extend(" ".join(tokens[start : start + size]) for start in range(len(tokens) - size + 1))
    return found


def terms(text: str, features: Features) -> list[str]:
    """Return all n-grams of a text, known to a model or not."""
    return ngrams(tokeniser(features)(text), features.ngram_max)
