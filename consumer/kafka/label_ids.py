"""Checks the ids of labels: what `shared.codec.label_id` gives, without its objects, since there are millions."""

import hashlib

from shared.codec import label_namespace
from shared.reviews import Source

# Namespaces kept; a topic is labelled by few models.
KEPT_MAX = 1000
# A UUIDv5 is the first 16 bytes of a SHA-1 with version and variant in their places (RFC 9562, section 5.5).
_MASK = (1 << 128) - 1 - (0xF << 76) - (0x3 << 62)
_VERSION_AND_VARIANT = (5 << 76) | (2 << 62)


class LabelIds:
    """Knows the right id of every label; keeps what labels of one topic and model share."""

    def __init__(self) -> None:
        self._namespaces: dict[tuple[str, str], bytes] = {}

    def right_id(self, source: Source, model_digest: str) -> bytes:
        """Return the id that a label of this source by this model must have."""
        key = source.topic, model_digest
        namespace = self._namespaces.get(key)
        if namespace is None:
            if len(self._namespaces) >= KEPT_MAX:
                self._namespaces.clear()
            namespace = self._namespaces[key] = label_namespace(*key).bytes
        name = b"%b%d/%d" % (namespace, source.partition, source.offset)
        digest = hashlib.sha1(name, usedforsecurity=False).digest()
        text = b"%032x" % (int.from_bytes(digest[:16], "big") & _MASK | _VERSION_AND_VARIANT)
        return b"%b-%b-%b-%b-%b" % (text[:8], text[8:12], text[12:16], text[16:20], text[20:])
