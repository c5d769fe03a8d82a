"""A WSGI server that nobody can slow down or make large: connections, bytes, seconds and answers all have a bound.

Who connects may hang, send nothing, a byte a second, or rubbish without end: the oldest of too many connections is cut
off for the newest, so that a probe is answered whoever else holds on.
"""

import io
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from socketserver import TCPServer, ThreadingMixIn
from typing import Any, cast
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

# A connection that was cut off has let go of its thread within this, unless it is being answered.
CUT_OFF_S_MAX = 1.0


@dataclass(frozen=True, slots=True)
class ServerBounds:
    """What clients may take, all together and each."""

    # Each connection is a thread. Prometheus, an orchestrator and a person need a handful.
    connections_max: int = 16
    # A whole request must have come within this, and its answer be taken within the same again.
    request_s_max: float = 5.0
    # Request line and headers together.
    head_bytes_max: int = 16 * 1024
    # Of a flood only so much is answered, since the interpreter is the loop's as well; so many may come together.
    accept_every_s: float = 0.01
    accept_together: int = 100


class BoundedServer(ThreadingMixIn, WSGIServer):
    """Serves a WSGI application in a bounded number of threads."""

    daemon_threads = True
    # Connections that the kernel keeps until they are accepted.
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], application: Any, bounds: ServerBounds) -> None:
        """Listen; OSError where the address can't be had."""
        super().__init__(address, BoundedHandler)
        self.bounds = bounds
        self._room = threading.BoundedSemaphore(bounds.connections_max)
        self._lock = threading.Lock()
        self._open: dict[socket.socket, None] = {}
        # When connections would have been accepted had they come one by one.
        self._accepts_due_at_s = 0.0
        self.set_app(application)

    def server_bind(self) -> None:
        """Bind without asking a name server what this machine is called: that may take seconds."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]
        self.setup_environ()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread, once there is room for it; the oldest connection makes room."""
        self._pace()
        if not self._room.acquire(blocking=False):
            self._cut_off_oldest()
            if not self._room.acquire(timeout=CUT_OFF_S_MAX):
                self.shutdown_request(request)
                return
        with self._lock:
            self._open[request] = None
        try:
            super().process_request(request, client_address)
        except RuntimeError:
            # The system gives no more threads.
            self._forget(request)
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer one connection and make room again."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._forget(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: what a client does wrong is no news."""

    def _pace(self) -> None:
        """Wait where more came, and faster, than is allowed (the generic cell rate algorithm of ITU-T I.371)."""
        now, every_s = time.monotonic(), self.bounds.accept_every_s
        ahead_s = self._accepts_due_at_s - now - every_s * self.bounds.accept_together
        if ahead_s > 0:
            time.sleep(ahead_s)
        self._accepts_due_at_s = max(self._accepts_due_at_s, now) + every_s

    def _cut_off_oldest(self) -> None:
        with self._lock:
            oldest = next(iter(self._open), None)
            if oldest is not None:
                # Its thread still runs, and still counts; but the next to be cut off is another one.
                del self._open[oldest]
                with suppress(OSError):
                    oldest.shutdown(socket.SHUT_RDWR)

    def _forget(self, request: socket.socket) -> None:
        with self._lock:
            self._open.pop(request, None)
        self._room.release()


class BoundedHandler(WSGIRequestHandler):
    """Reads one request, as far as the bounds allow."""

    def setup(self) -> None:
        """Read through the bounds."""
        super().setup()
        self.rfile.close()
        # The server that made this handler is always a BoundedServer.
        bounds = cast("BoundedServer", self.server).bounds
        self.rfile = io.BufferedReader(_BoundedHead(self.connection, bounds))

    def handle(self) -> None:
        """Answer one request, or let go of a client that is gone, too slow or talks too much."""
        with suppress(OSError, HTTPException, ValueError):
            super().handle()

    def get_stderr(self) -> Any:
        """Return where the library would tell of clients that left early."""
        return io.StringIO()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Say nothing: a scrape every few seconds is no news."""


class _BoundedHead(io.RawIOBase):
    """What a connection sends, as far as the bounds allow; time counts from now on."""

    def __init__(self, connection: socket.socket, bounds: ServerBounds) -> None:
        super().__init__()
        self._connection = connection
        self._bounds = bounds
        self._ends_at_s = time.monotonic() + bounds.request_s_max
        self._left_bytes = bounds.head_bytes_max

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Receive what is there; TimeoutError when it took too long, HTTPException when it is too much."""
        left_s = self._ends_at_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        if self._left_bytes == 0:
            # Among headers this is answered with 431.
            raise HTTPException(f"more than {self._bounds.head_bytes_max} bytes")
        self._connection.settimeout(left_s)
        count = self._connection.recv_into(memoryview(buffer)[: self._left_bytes])
        # For the answer: `sendall` takes it as the bound of all that it sends.
        self._connection.settimeout(self._bounds.request_s_max)
        self._left_bytes -= count
        return count
