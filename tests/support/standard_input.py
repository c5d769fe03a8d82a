"""Standard input as tests give it."""

from typing import BinaryIO


def no_standard_input() -> BinaryIO:
    """Refuse: nothing is to be read from there."""
    raise AssertionError("standard input is read")
