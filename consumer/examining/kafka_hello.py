"""The one question that a broker answers before any login: which requests it knows (ApiVersions, version 0).

The Kafka client asks it too, and keeps the answer to itself.
"""

import socket
import struct
from collections.abc import Mapping

API_VERSIONS = 18
CORRELATION = 0x7265_7677
CLIENT_ID = b"reviewstream"
# An answer has six bytes for each request, of which there are about a hundred.
ANSWER_BYTES_MAX = 64 * 1024
_ANSWER_HEAD = struct.Struct(">ihi")
_ENTRY = struct.Struct(">hhh")

# The numbers of the requests that our clients rely on, as in Kafka's protocol guide.
JOIN_GROUP = 11
INIT_PRODUCER_ID = 22
TXN_OFFSET_COMMIT = 28
CONSUMER_GROUP_HEARTBEAT = 68


class NotKafka(Exception):  # noqa: N818 - named after what was found
    """What answered does not speak Kafka, or not in the clear."""


def known_requests(connection: socket.socket) -> Mapping[int, int]:
    """Return the newest version of each request that the broker knows, by the request's number.

    Raises NotKafka for another answer or none, TimeoutError where nothing comes in the socket's time.
    """
    request = struct.pack(">hhih", API_VERSIONS, 0, CORRELATION, len(CLIENT_ID)) + CLIENT_ID
    try:
        connection.sendall(struct.pack(">i", len(request)) + request)
        (size,) = struct.unpack(">i", _received(connection, 4))
        if not _ANSWER_HEAD.size <= size <= ANSWER_BYTES_MAX:
            raise NotKafka
        answer = _received(connection, size)
    except TimeoutError:
        raise
    except OSError as error:
        raise NotKafka from error
    correlation, error_code, count = _ANSWER_HEAD.unpack_from(answer)
    entries = answer[_ANSWER_HEAD.size :]
    if correlation != CORRELATION or error_code or len(entries) != count * _ENTRY.size:
        raise NotKafka
    return {request: newest for request, _, newest in _ENTRY.iter_unpack(entries)}


def _received(connection: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        more = connection.recv(size - len(received))
        if not more:
            raise NotKafka
        received += more
    return received
