"""Asks a server of ours on this machine for a page, bounded in time and in size."""

from contextlib import closing
from http.client import HTTPConnection, HTTPException

# Where a server that listens everywhere is found from here.
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - compared with, not listened on


def ask_own(host: str, port: int, path: str, answer_s_max: float, bytes_max: int) -> tuple[int, bytes] | None:
    """Return status and body, cut off at `bytes_max`, of a server that listens on `host`; None without an answer."""
    try:
        with closing(HTTPConnection(EVERYWHERE.get(host, host), port, timeout=answer_s_max)) as connection:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read(bytes_max)
    except (OSError, HTTPException):
        return None
