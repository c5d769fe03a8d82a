"""An end to waiting for a frozen server: its machine acknowledges what we send, so that nothing else ends it."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from consumer.bounded.storing.databases.database import RESUME_HINT
from consumer.bounded.storing.databases.postgres_url import import_psycopg
from shared.errors import FatalError


@contextmanager
def patience(connection: Any, name: str, answer_s_max: float) -> Iterator[None]:
    """Cut the connection (psycopg's) when what is done inside takes longer; FatalError says that it was cut."""
    was_cut = threading.Event()

    def cut() -> None:
        was_cut.set()
        # The work may end, and the connection with it, at this very moment.
        with suppress(OSError, import_psycopg().Error), socket.socket(fileno=os.dup(connection.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(answer_s_max, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    except FatalError as error:
        if was_cut.is_set():
            raise FatalError(f"{name} did not answer within {answer_s_max:g} s", hint=RESUME_HINT) from error
        raise
    finally:
        timer.cancel()
