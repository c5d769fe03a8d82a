"""What an exemplar says of a record: its trace, or else its place; never what a user wrote."""

import re

from consumer.scoring.oldest import OldestRecord

# W3C Trace Context: version, trace id, parent id, flags; a later version than 00 may add to it.
_TRACEPARENT = re.compile(rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?")


def exemplar_labels(record: OldestRecord) -> dict[str, str]:
    """Return the labels that lead to a record: its trace id, or partition and offset where it has no valid one."""
    found = None if record.traceparent is None else _TRACEPARENT.fullmatch(record.traceparent)
    if found is not None:
        return {"trace_id": found[1].decode()}
    return {"partition": str(record.partition), "offset": str(record.offset)}
