"""Places and moments as people write them on a command line: click callbacks."""

from datetime import datetime

import click

from shared.review_rows import instant


def parse_place(_context: click.Context, _parameter: click.Parameter, text: str) -> tuple[int, int]:
    """Return partition and offset of PARTITION:OFFSET."""
    partition, _, offset = text.partition(":")
    if not (_is_number(partition) and _is_number(offset)):
        raise click.BadParameter(f"{text!r} is not PARTITION:OFFSET, such as 0:1500")
    return int(partition), int(offset)


def parse_places(context: click.Context, parameter: click.Parameter, texts: tuple[str, ...]) -> dict[int, int]:
    """Return the offset of each partition; one that is named twice is refused."""
    places = dict(parse_place(context, parameter, text) for text in texts)
    if len(places) < len(texts):
        raise click.BadParameter("a partition is named twice")
    return places


def parse_offsets(_context: click.Context, _parameter: click.Parameter, text: str | None) -> range | None:
    """Return the offsets of FIRST-LAST, or of one number; both ends are included."""
    if text is None:
        return None
    first, dash, last = text.partition("-")
    if not _is_number(first) or (dash and not _is_number(last)):
        raise click.BadParameter(f"{text!r} is no offset, such as 17, and no range, such as 10-20")
    return range(int(first), int(last if dash else first) + 1)


def parse_moment(_context: click.Context, _parameter: click.Parameter, text: str | None) -> datetime | None:
    """Return the moment of an ISO 8601 time, UTC where it names no zone."""
    moment = instant(text)
    if text is not None and not isinstance(moment, datetime):
        raise click.BadParameter(f"{text!r} is no ISO 8601 time such as 2025-03-01T12:00Z")
    return moment if isinstance(moment, datetime) else None


def _is_number(text: str) -> bool:
    # Kafka's offsets have 64 bits.
    return text.isascii() and text.isdigit() and int(text) < 1 << 63
