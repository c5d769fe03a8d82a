"""Bytes to objects, once, and back, once: the events as they travel through Kafka."""

import hashlib
from collections.abc import Sequence
from typing import TypeAlias
from uuid import UUID

import msgspec

from shared.errors import Reason, RecordError
from shared.reviews import SENTIMENT_TYPE, SUBMITTED_TYPE, Label, Review

Headers: TypeAlias = Sequence[tuple[str, bytes | None]]

# Chosen once for this product; RFC 9562 asks for one namespace per kind of name.
LABEL_NAMESPACE = UUID("6f0f6b0c-52b6-5b2c-9a55-0d9c6a1f7d11")
UTF8_BOM = b"\xef\xbb\xbf"

_decode_review = msgspec.json.Decoder(Review).decode
_decode_label = msgspec.json.Decoder(Label).decode
_encode = msgspec.json.Encoder().encode


def decode_review(value: bytes | None, headers: Headers | None, value_bytes_max: int) -> Review:
    """Read a submitted review; raises RecordError with the reason a dead letter will carry."""
    if not value:
        raise RecordError(Reason.EMPTY_VALUE, "the record has no value")
    if len(value) > value_bytes_max:
        raise RecordError(Reason.TOO_LARGE, f"the value has {len(value)} bytes, the limit is {value_bytes_max}")
    if headers:
        refuse_foreign_events(headers)
    try:
        return _decode_review(value)
    except msgspec.ValidationError as error:
        raise RecordError(Reason.SCHEMA, str(error)) from error
    except UnicodeError as error:
        raise RecordError(Reason.ENCODING, "the value is not UTF-8") from error
    except msgspec.DecodeError as error:
        if value.startswith(UTF8_BOM):
            raise RecordError(Reason.ENCODING, "the value starts with a byte order mark") from error
        raise RecordError(Reason.NOT_JSON, str(error)) from error
    except RecursionError as error:
        raise RecordError(Reason.NOT_JSON, "the value is nested too deeply") from error


def refuse_foreign_events(headers: Headers) -> None:
    """Raise RecordError where CloudEvents headers (binary mode) announce something other than a review."""
    for name, content in headers:
        if name == "ce_specversion" and content != b"1.0":
            raise RecordError(Reason.UNSUPPORTED, "only CloudEvents 1.0 is read")
        if name == "ce_type" and content != SUBMITTED_TYPE.encode():
            raise RecordError(Reason.UNSUPPORTED, f"the event's ce_type is not {SUBMITTED_TYPE}")
        if name == "content-type" and content is not None and not content.startswith(b"application/json"):
            raise RecordError(Reason.UNSUPPORTED, "the event's content-type is not application/json")


def encode_review(review: Review) -> bytes:
    """Write a review as the value of an event."""
    return _encode(review)


def review_headers(review: Review) -> list[tuple[str, str | bytes | None]]:
    """Return the CloudEvents headers that go with a review; its id is the review's."""
    return [
        ("ce_specversion", "1.0"),
        ("ce_id", review.review_id),
        ("ce_type", SUBMITTED_TYPE),
        ("ce_source", review.source or "reviewstream"),
        ("content-type", "application/json"),
    ]


def encode_label(label: Label) -> bytes:
    """Write a label as the value of an event."""
    return _encode(label)


def decode_label(value: bytes) -> Label:
    """Read a label; raises msgspec.DecodeError where it is none."""
    return _decode_label(value)


def label_id(topic: str, partition: int, offset: int, model_digest: str) -> str:
    """Return the id a label always gets for one review and one model: UUIDv5 (RFC 9562) of both."""
    name = f"{topic}/{partition}/{offset}/{model_digest}"
    digest = bytearray(hashlib.sha1(LABEL_NAMESPACE.bytes + name.encode(), usedforsecurity=False).digest()[:16])
    digest[6] = (digest[6] & 0x0F) | 0x50
    digest[8] = (digest[8] & 0x3F) | 0x80
    text = digest.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def label_headers(label_id_text: str, traceparent: bytes | None) -> list[tuple[str, str | bytes | None]]:
    """Return the CloudEvents headers that go with a label."""
    headers: list[tuple[str, str | bytes | None]] = [
        ("ce_specversion", "1.0"),
        ("ce_id", label_id_text),
        ("ce_type", SENTIMENT_TYPE),
        ("ce_source", "reviewstream/consumer"),
        ("content-type", "application/json"),
    ]
    if traceparent is not None:
        headers.append(("traceparent", traceparent))
    return headers
