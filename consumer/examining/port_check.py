"""Whether the port for metrics and probes is free, or held by a consumer of ours."""

import errno
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass

from consumer.examining.finding import Note, failure, passed, warning
from shared.page_client import ask_own

PORT = "--metrics-port (REVIEWS_METRICS_PORT)"
ANSWER_BYTES_MAX = 1024 * 1024
_BUILD = re.compile(rb"^reviews_build_info\{([^}]*)\}", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class PortCheck:
    """Whether `run` could serve its metrics."""

    host: str
    port: int
    answer_s_max: float = 2.0
    name: str = "port"
    after: Sequence[str] = ("config",)
    limit_s: float = 6.0

    def run(self) -> list[Note]:
        """Listen for a moment; where that is refused, ask who is there."""
        if self.port == 0:
            return [passed("any free port is taken (--metrics-port 0)")]
        place = f"{self.host}:{self.port}"
        try:
            # Without the port: one that is too large would be taken for a smaller one.
            family, _, _, _, (host, _, *more) = socket.getaddrinfo(
                self.host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            with socket.socket(family) as probe:
                # As the server that will listen there.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((host, self.port, *more))
                probe.listen()
        except (OSError, OverflowError) as error:
            if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
                return [self._held(place)]
            why = getattr(error, "strerror", None) or str(error)
            return [
                failure(f"{place}: {why}", "an address of this machine, a port it may use", f"{PORT}, --metrics-host")
            ]
        return [passed(f"{place} is free")]

    def _held(self, place: str) -> Note:
        build = self._build_info()
        fix = f"{PORT} chooses another for the next one; port 0 takes a free one"
        if build is None:
            return failure(f"{place} is held by another program", "a free port", fix)
        return warning(f"{place} is held by a review-consumer that runs ({build})", "a free port for a second one", fix)

    def _build_info(self) -> str | None:
        answer = ask_own(self.host, self.port, "/metrics", self.answer_s_max, ANSWER_BYTES_MAX)
        found = _BUILD.search(answer[1]) if answer else None
        return found[1].decode("utf-8", "replace") if found else None
