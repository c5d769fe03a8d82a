"""Bytes to objects, once, and back, once: the events as they travel through Kafka."""

from collections.abc import Sequence
from typing import TypeAlias
from uuid import UUID, uuid5

import msgspec

from shared.errors import Reason, RecordError
from shared.reviews import SENTIMENT_TYPE, SUBMITTED_TYPE, Label, Review

Headers: TypeAlias = Sequence[tuple[str, bytes | None]]
# As the Kafka client takes them: it encodes texts itself.
MessageHeaders: TypeAlias = list[tuple[str, str | bytes | None]]

# Chosen once for this product; RFC 9562 asks for one namespace per kind of name.
LABEL_NAMESPACE = UUID("6f0f6b0c-52b6-5b2c-9a55-0d9c6a1f7d11")
UTF8_BOM = b"\xef\xbb\xbf"
TRACEPARENT = "traceparent"
_JSON = b"application/json"
# CloudEvents headers, in Kafka's binary mode, as this product writes them itself.
_EXPECTED_HEADERS = {"ce_specversion": b"1.0", "ce_type": SUBMITTED_TYPE.encode(), "content-type": _JSON}

_decode_review = msgspec.json.Decoder(Review).decode
_decode_label = msgspec.json.Decoder(Label).decode
_encode = msgspec.json.Encoder().encode


def decode_review(value: bytes | None, headers: Headers | None, value_bytes_max: int) -> Review:
    """Read a submitted review; raises RecordError with the reason a dead letter will carry."""
    if headers:
        read_headers(headers)
    return decode_value(value, value_bytes_max)


def decode_value(value: bytes | None, value_bytes_max: int) -> Review:
    """Read the review that an event carries; raises RecordError with the reason a dead letter will carry."""
    if not value:
        raise RecordError(Reason.EMPTY_VALUE, "the record has no value")
    if len(value) > value_bytes_max:
        raise RecordError(Reason.TOO_LARGE, f"the value has {len(value)} bytes, the limit is {value_bytes_max}")
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


def read_headers(headers: Headers) -> bytes | None:
    """Return the W3C trace context among a review's headers, if any.

    Raises RecordError where CloudEvents headers (binary mode) announce something other than a review.
    """
    trace = None
    for name, content in headers:
        if name in _EXPECTED_HEADERS:
            if content != _EXPECTED_HEADERS[name]:
                _refuse_unless_equivalent(name, content)
        elif trace is None and name == TRACEPARENT:
            trace = content
    return trace


def _refuse_unless_equivalent(name: str, content: bytes | None) -> None:
    if name == "ce_specversion":
        raise RecordError(Reason.UNSUPPORTED, "only CloudEvents 1.0 is read")
    if name == "ce_type":
        raise RecordError(Reason.UNSUPPORTED, f"the event's ce_type is not {SUBMITTED_TYPE}")
    if content is not None and not content.startswith(_JSON):
        raise RecordError(Reason.UNSUPPORTED, "the event's content-type is not application/json")


def encode_review(review: Review) -> bytes:
    """Write a review as the value of an event."""
    return _encode(review)


def review_headers(review: Review) -> MessageHeaders:
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


def label_namespace(topic: str, model_digest: str) -> UUID:
    """Return the namespace of the ids of all labels that one model gives to one topic's reviews."""
    return uuid5(LABEL_NAMESPACE, f"{topic}/{model_digest}")


def label_id(topic: str, partition: int, offset: int, model_digest: str) -> str:
    """Return the id a label always gets for one review and one model: UUIDv5 (RFC 9562) of both."""
    return str(uuid5(label_namespace(topic, model_digest), f"{partition}/{offset}"))


def label_headers(label_id_text: str, traceparent: bytes | None) -> MessageHeaders:
    """Return the CloudEvents headers that go with a label."""
    headers: MessageHeaders = [
        ("ce_specversion", "1.0"),
        ("ce_id", label_id_text),
        ("ce_type", SENTIMENT_TYPE),
        ("ce_source", "reviewstream/consumer"),
        ("content-type", "application/json"),
    ]
    if traceparent is not None:
        headers.append((TRACEPARENT, traceparent))
    return headers
