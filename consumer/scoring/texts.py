"""Many texts as one piece of UTF-8: what columns hold, and what a compiled scorer reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Utf8Texts(Sequence[str]):
    """Texts that end at `ends` (n,), int64, in `content`, valid UTF-8; one becomes a str only where it is asked for."""

    content: bytes
    ends: NDArray[np.int64]

    def __len__(self) -> int:
        """Return how many texts there are."""
        return len(self.ends)

    @overload
    def __getitem__(self, row: int) -> str: ...
    @overload
    def __getitem__(self, row: slice) -> "Utf8Texts": ...

    def __getitem__(self, row: int | slice) -> "str | Utf8Texts":
        """Return one text, or those of a range of rows."""
        if isinstance(row, slice):
            first, after, step = row.indices(len(self))
            if step != 1:
                raise ValueError("texts are cut in ranges, without gaps")
            begin = self._begin(first)
            ends = self.ends[first : max(first, after)]
            return Utf8Texts(self.content[begin : int(ends[-1])] if len(ends) else b"", ends - begin)
        number = range(len(self))[row]
        return self.content[self._begin(number) : int(self.ends[number])].decode()

    def _begin(self, row: int) -> int:
        return int(self.ends[row - 1]) if row else 0
