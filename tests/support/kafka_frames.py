"""As much of Kafka's framing as a proxy needs: a size, then a request's kind and number, or an answer's number.

Source: "Kafka protocol guide", https://kafka.apache.org/protocol, chapters "Protocol Primitive Types" and "Messages".
"""

import asyncio
import struct
from collections.abc import Callable

SIZE_BYTES = 4
REQUEST_START = struct.Struct(">ihhi")
ANSWER_START = struct.Struct(">ii")

ADD_OFFSETS_TO_TXN = 25
END_TXN = 26
TXN_OFFSET_COMMIT = 28
PRODUCE = 0
FETCH = 1
OFFSET_COMMIT = 8


async def read_frame(reader: asyncio.StreamReader) -> bytes:
    """Return the next frame with its size in front."""
    size = await reader.readexactly(SIZE_BYTES)
    return size + await reader.readexactly(int.from_bytes(size, "big"))


class AnswerFilter:
    """Finds, in one connection, the answer to the first request of the wanted kind."""

    def __init__(self, wanted_api_key: Callable[[], int | None]) -> None:
        self._wanted_api_key = wanted_api_key
        self._number: int | None = None

    def passes_request(self, frame: bytes) -> bool:
        """Remember the request whose answer is wanted; every request passes."""
        _, api_key, _, number = REQUEST_START.unpack_from(frame)
        if self._number is None and api_key == self._wanted_api_key():
            self._number = number
        return True

    def passes_answer(self, frame: bytes) -> bool:
        """Return False for the answer that is wanted."""
        _, number = ANSWER_START.unpack_from(frame)
        return bool(number != self._number)
