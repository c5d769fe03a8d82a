"""A record that was never in Kafka."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.codec import encode_review
from shared.reviews import Review

TOPIC = "reviews"


@dataclass(frozen=True, slots=True)
class MemoryRecord:
    """A Record (consumer.scoring.record) made of plain values."""

    content: bytes | None = b""
    in_partition: int = 0
    at_offset: int = 0
    name: bytes | None = None
    pairs: Sequence[tuple[str, bytes | None]] | None = None
    stamp_ms: int = 1_700_000_000_000
    in_topic: str = TOPIC

    def topic(self) -> str:
        return self.in_topic

    def partition(self) -> int:
        return self.in_partition

    def offset(self) -> int:
        return self.at_offset

    def key(self) -> bytes | None:
        return self.name

    def value(self) -> bytes | None:
        return self.content

    def headers(self) -> Sequence[tuple[str, bytes | None]] | None:
        return self.pairs

    def timestamp(self) -> tuple[int, int]:
        return (1 if self.stamp_ms >= 0 else 0), self.stamp_ms


def review_value(review_id: str, text: str = "a good lamp") -> bytes:
    """Return the value of an event that holds a review."""
    return encode_review(Review(review_id, text))


def reviews(count: int, partition: int = 0, first: int = 0) -> list[MemoryRecord]:
    """Return records in a row, each with a review named after its place."""
    return [
        MemoryRecord(review_value(f"{partition}-{offset}"), partition, offset, f"{partition}-{offset}".encode())
        for offset in range(first, first + count)
    ]
