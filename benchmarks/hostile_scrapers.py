"""Clients that no metrics port wants: `python -m benchmarks.hostile_scrapers PORT`, until standard input ends.

Fifty connections that begin a request and hang, one that asks for /metrics as fast as it can, one that sends rubbish,
and one whose headers have a megabyte. Prints `ready` when all of them are at it, and at the end how many pages it got.
"""

import http.client
import os
import socket
import sys
import threading
from collections.abc import Callable

HANGING = 50
RUBBISH_BYTES = 1000
HEADER_BYTES = 1024 * 1024
ANSWER_S_MAX = 30.0
# A server may close a connection that hangs; somebody who hangs comes back.
READ_BYTES = 4096


class Hostility:
    """What all of them share: the port, the end, and what they got."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._ended = threading.Event()
        self._at_it = threading.Barrier(HANGING + 4)
        self._begun = threading.local()
        self.pages = 0

    def start(self) -> None:
        """Start all of them, and return when each has begun."""
        for attack in (*[self._hang] * HANGING, self._scrape, self._send_rubbish, self._send_headers):
            threading.Thread(target=self._again_and_again, args=(attack,), daemon=True).start()
        self._at_it.wait(ANSWER_S_MAX)

    def end(self) -> None:
        """Let what is under way be the last."""
        self._ended.set()

    def _again_and_again(self, attack: Callable[[], None]) -> None:
        while not self._ended.is_set():
            try:
                attack()
            except (OSError, http.client.HTTPException):
                # Refused, or cut off: that is what a server may do.
                self._is_at_it()

    def _is_at_it(self) -> None:
        if not getattr(self._begun, "said", False):
            self._begun.said = True
            self._at_it.wait(ANSWER_S_MAX)

    def _connected(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self._port), timeout=ANSWER_S_MAX)

    def _hang(self) -> None:
        with self._connected() as connection:
            connection.sendall(b"GET /metrics HTTP/1.1\r\nHost:")
            self._is_at_it()
            connection.recv(READ_BYTES)

    def _scrape(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=ANSWER_S_MAX)
        connection.request("GET", "/metrics")
        connection.getresponse().read()
        connection.close()
        self.pages += 1
        self._is_at_it()

    def _send_rubbish(self) -> None:
        with self._connected() as connection:
            connection.sendall(os.urandom(RUBBISH_BYTES) + b"\r\n\r\n")
            self._is_at_it()
            connection.recv(READ_BYTES)

    def _send_headers(self) -> None:
        with self._connected() as connection:
            connection.sendall(b"GET /metrics HTTP/1.1\r\nX: " + b"x" * HEADER_BYTES + b"\r\n\r\n")
            self._is_at_it()
            connection.recv(READ_BYTES)


def main(port: int) -> None:
    """Attack until standard input ends."""
    hostility = Hostility(port)
    hostility.start()
    print("ready", flush=True)
    sys.stdin.read()
    hostility.end()
    print(hostility.pages, flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
