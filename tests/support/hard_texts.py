"""Texts made to trip a tokeniser up."""

import sys

SIGMA, DOTTED_I, KELVIN = "\u03a3", "\u0130", "\u212a"

HARD_TEXTS = (
    "",
    " \t\r\n",
    "a",
    "I",
    "\0",
    "good\0bad good",
    "... !!! ???",
    "don't can't won't n't 'n't n't' isn''t 'tis o'clock's rock'n'roll '' ' it'",
    "isn\u2019t it\u2019 \u2019tis a\u2019\u00e9 \u00e9\u2019a \u2019\u2019",
    "not good bad fine great, not bad. never no nothing good (not) good bad fine great bad",
    "dont like it not not good hardly don't isn't good bad fine great",
    "good<br>bad<br/>good<br />bad<BR >good<br\tx>bad<br clear='all'>good<br\n/>bad",
    "good<br 123456789012345>bad<br 1234567890123456>good<brave>bad<br<br>good<br >><br \u00e9>bad<br",
    "<b r><br x<y>good <br />not<br />good < br> <b<br>bad<br /",
    f"<br {KELVIN}>good {KELVIN}elvin <br {DOTTED_I}>bad",
    f"{DOTTED_I}stanbul {DOTTED_I} {DOTTED_I}'s o{DOTTED_I}",
    f"\u039f\u0394\u03a5{SIGMA}{SIGMA}\u0395\u03a5{SIGMA} {SIGMA} \u0391{SIGMA}\u0392 \u0391{SIGMA}\u0345 a{SIGMA}'b",
    "Stra\u00dfe STRA\u1e9eE \ufb01ne \u01c5 \u2163\u2164 \u00b2 \u24b6 \u212b \u023a\u023e \u2c6f",
    "cafe\u0301 CAF\u00c9 \u00e9 e\u0301\u0301 \u0e17\u0e35\u0e48 \u0939\u093f\u0902\u0926\u0940",
    "\u65e5\u672c\u8a9e \u6620\u753b \u4e2d \U00020000 \U00020000\U00020001 \U0001f600 \U0001d400\U0001d401 \U00010400",
    "lone \ud800 surrogate\udfff good\ud83dbad",
    "snake_case _ __ 7/10 10/10 3.5 1,000 \u0663\u0664",
    "x" * 7 + " " + "x" * 8 + " " + "x" * 9 + " " + "x" * 16 + " " + "x" * 17 + " " + "x" * 5000,
    "good bad fine great " * 800,
    "good " * 300 + "bad",
    "good,bad;" * 1500,
    "\u023a" * 3000,
)

WORDS = [
    *[
        "good",
        "bad",
        "fine",
        "great",
        "not",
        "no",
        "never",
        "don't",
        "isn't",
        "dont",
        "didn\u2019t",
        "the",
        "movie",
        "was",
    ],
    *[
        "a",
        "I",
        "<br />",
        "<br>",
        ",",
        ".",
        "!",
        "(",
        "extraordinarily",
        "disappointingly",
        "caf\u00e9",
        "\u6620\u753b",
    ],
    *["\u041f\u0440\u0438\u0432\u0435\u0442", "\U0001f600", "Na\u00efve", "\u03a3\u0391\u03a3", "\u0130x"],
]


def every_code_point() -> list[str]:
    """Return texts in which every code point there is stands alone, after a letter and between two, in blocks."""
    texts = []
    for start in range(0, sys.maxunicode + 1, 997):
        block = [chr(code) for code in range(start, min(start + 997, sys.maxunicode + 1))]
        texts += [" ".join(block), "a".join(block), "good ".join(block), "'".join(block)]
    return texts
