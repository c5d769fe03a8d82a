"""The smallest broker there is: it answers every request frame with the request's own number and body."""

import socket
import socketserver
import struct
import threading
from types import TracebackType
from typing import Self

from shared.dev_broker.ports import HOST
from tests.support.kafka_frames import ANSWER_START, REQUEST_START

ANSWER_S_MAX = 10.0


class FramedEcho:
    """A server of frames, in threads."""

    def __init__(self) -> None:
        self._server = _Server((HOST, 0), _Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"{HOST}:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class FramedClient:
    """A connection that sends requests and awaits their answers."""

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self._socket = socket.create_connection((host, int(port)), timeout=ANSWER_S_MAX)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def send(self, api_key: int, number: int, body: bytes = b"") -> None:
        """Send one request."""
        self._socket.sendall(REQUEST_START.pack(REQUEST_START.size - 4 + len(body), api_key, 0, number) + body)

    def receive(self, timeout_s: float = ANSWER_S_MAX) -> tuple[int, bytes]:
        """Return the next answer's number and body; TimeoutError, ConnectionResetError or EOFError where none comes."""
        self._socket.settimeout(timeout_s)
        size, number = ANSWER_START.unpack(_exactly(self._socket, ANSWER_START.size))
        return number, _exactly(self._socket, size - 4)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


class _Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        try:
            while True:
                size, _, _, number = REQUEST_START.unpack(_exactly(self.request, REQUEST_START.size))
                body = _exactly(self.request, size + 4 - REQUEST_START.size)
                self.request.sendall(struct.pack(">ii", 4 + len(body), number) + body)
        except (OSError, EOFError):
            return


def _exactly(connection: socket.socket, size: int) -> bytes:
    content = b""
    while len(content) < size:
        part = connection.recv(size - len(content))
        if not part:
            raise EOFError
        content += part
    return content
