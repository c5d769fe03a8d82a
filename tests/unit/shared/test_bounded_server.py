"""A server that hostile clients can't slow down, seen through raw sockets."""

import contextlib
import http.client
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from shared.bounded_server import BoundedServer, ServerBounds

DEADLINE_S = 60.0
# No client of these tests may run into it.
NEVER_S = 600.0
QUICK = ServerBounds(connections_max=4, request_s_max=NEVER_S, head_bytes_max=2000, accept_every_s=0.0)
THREAD = "process_request_thread"


def greet(_environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]


@contextlib.contextmanager
def serving(bounds: ServerBounds, application: Any = greet) -> Iterator[BoundedServer]:
    server = BoundedServer(("127.0.0.1", 0), application, bounds)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(DEADLINE_S)


def connect(server: BoundedServer, said: bytes = b"") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.server_port), timeout=DEADLINE_S)
    connection.sendall(said)
    return connection


def everything(connection: socket.socket) -> bytes:
    """Return what comes until the server is done with us."""
    found = b""
    with contextlib.suppress(ConnectionResetError):
        while part := connection.recv(65536):
            found += part
    return found


def greeting(server: BoundedServer) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=DEADLINE_S)
    connection.request("GET", "/")
    with contextlib.closing(connection):
        return connection.getresponse().read()


def answering_threads() -> int:
    return sum(THREAD in thread.name for thread in threading.enumerate())


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nHost: a\r\n", b"\x16\x03\x01\x02\x00"])
def test_while_a_hundred_connections_hang_the_next_is_answered_and_threads_are_few(said: bytes) -> None:
    with serving(QUICK) as server, contextlib.ExitStack() as hanging:
        for _ in range(100):
            hanging.enter_context(connect(server, said))
        assert greeting(server) == b"hello"
        assert answering_threads() <= QUICK.connections_max


def test_the_oldest_connection_is_cut_off_for_the_newest() -> None:
    with serving(QUICK) as server, contextlib.ExitStack() as hanging:
        first, second = (hanging.enter_context(connect(server)) for _ in range(2))
        for _ in range(QUICK.connections_max - 1):
            hanging.enter_context(connect(server))
        assert everything(first) == b""
        second.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert everything(second).endswith(b"hello")


def test_a_request_that_trickles_in_is_given_up_as_a_whole() -> None:
    bounds = ServerBounds(request_s_max=0.3, accept_every_s=0.0)
    with serving(bounds) as server, connect(server, b"GET / HTTP/1.1\r\n") as connection:
        connection.settimeout(bounds.request_s_max / 10)
        # A byte each tenth of the time: the time between two bytes is never too long.
        while True:
            with contextlib.suppress(TimeoutError):
                assert connection.recv(1) == b""
                break
            try:
                connection.sendall(b"X")
            except OSError:
                break
        assert greeting(server) == b"hello"


def test_an_answer_that_nobody_takes_is_given_up() -> None:
    sent = threading.Event()

    def endless(_environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        try:
            while True:
                yield b"x" * 100_000
        finally:
            sent.set()

    bounds = ServerBounds(request_s_max=0.3, accept_every_s=0.0)
    with serving(bounds, endless) as server, connect(server, b"GET / HTTP/1.0\r\n\r\n"):
        assert sent.wait(DEADLINE_S)


@pytest.mark.parametrize(
    ("said", "answered"),
    [
        (b"GET / HTTP/1.1\r\n" + b"X-Pad: yes\r\n" * 80 + b"X-Long: " + b"x" * 5000 + b"\r\n\r\n", b" 431 "),
        (b"GET / HTTP/1.1\r\n" + b"X-Pad: yes\r\n" * 120 + b"\r\n", b" 431 "),
        (b"GET /" + b"x" * 5000 + b" HTTP/1.1\r\n\r\n", b""),
        (b"rubbish\r\n\r\n", b"400"),
        (b"\x00\xff" * 2500, b""),
    ],
)
def test_what_is_too_long_or_no_request_is_refused_and_costs_nobody_else_anything(
    said: bytes, answered: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(QUICK) as server:
        with connect(server, said) as connection:
            assert answered in everything(connection)
        assert greeting(server) == b"hello"
    assert capsys.readouterr() == ("", "")


def test_a_client_that_leaves_at_once_is_no_news(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(QUICK) as server:
        for said in (b"", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.0\r\n\r\n"):
            connect(server, said).close()
        assert greeting(server) == b"hello"
    assert capsys.readouterr() == ("", "")


def test_of_a_flood_only_so_much_is_answered_in_a_while() -> None:
    bounds = ServerBounds(request_s_max=NEVER_S, accept_every_s=0.05, accept_together=3)
    with serving(bounds) as server:
        began_s = time.monotonic()
        for _ in range(13):
            greeting(server)
        # Three at once, and ten that wait for each other; a slow machine only takes longer.
        assert time.monotonic() - began_s >= 9 * bounds.accept_every_s
