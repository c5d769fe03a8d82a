"""What a running program's probes say."""

import http.client
from contextlib import closing

from tests.support.processes import DEADLINE_S
from tests.support.stream_under_test import Deadline

ANSWER_S_MAX = 10.0


def ask(port: int, path: str) -> tuple[int, str]:
    """Return status and text of one answer."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_S_MAX)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode().rstrip("\n")


def await_status(port: int, path: str, status: int) -> str:
    """Return what is said with this status once it is answered with it."""
    deadline = Deadline(DEADLINE_S)
    while True:
        found, said = ask(port, path)
        if found == status:
            return said
        deadline.check(f"{path} answers {status}, not {found} {said}")
