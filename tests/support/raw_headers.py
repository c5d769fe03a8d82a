"""Records whose headers have names that are no UTF-8: only a client that is talked into it writes them."""

import contextlib
from typing import Any

from kafka import KafkaProducer


class _RawName(str):
    """A text whose bytes on the wire are others than it says."""

    __slots__ = ()

    def encode(self, *_arguments: Any, **_options: Any) -> bytes:
        return b"\xff\xfe"


def publish_with_unreadable_header(bootstrap_servers: str, topic: str, key: bytes, value: bytes) -> None:
    """Publish one record, and wait until the broker has it."""
    with contextlib.closing(KafkaProducer(bootstrap_servers=bootstrap_servers)) as producer:
        producer.send(topic, value, key, headers=[(_RawName("raw"), b"1")]).get(30)
