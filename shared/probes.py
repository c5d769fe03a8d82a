"""One small HTTP server: /metrics for Prometheus, and the probes for whoever starts and watches the process."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

from prometheus_client import CollectorRegistry, make_wsgi_app

from shared.bounded_server import BoundedServer, ServerBounds
from shared.errors import ConfigurationError
from shared.logs import get_logger

# What is wrong, or nothing where all is well.
Check = Callable[[], str]
# JSON for whoever asked for this host, as the request names it.
Page = Callable[[str], bytes]
STOP_LOOK_S = 0.05


class ProbeServer:
    """Serves metrics, checks and pages; a check returns what is wrong, or nothing where all is well.

    Only GET and HEAD are answered.
    """

    def __init__(
        self,
        registry: CollectorRegistry,
        host: str,
        port: int,
        checks: Mapping[str, Check],
        pages: Mapping[str, Page] | None = None,
    ) -> None:
        self._metrics: Any = make_wsgi_app(registry)
        self._host = host
        self._port = port
        self._checks = checks
        self._pages = pages or {}
        self._last_scrape: threading.Event | None = None
        self._server: BoundedServer | None = None

    @property
    def port(self) -> int:
        """The port it listens on, also where 0 was asked for."""
        return self._server.server_port if self._server else self._port

    def start(self) -> None:
        """Listen; ConfigurationError, naming the setting, where the port can't be had."""
        try:
            self._server = BoundedServer((self._host, self._port), self._answer, ServerBounds())
        except (OSError, OverflowError) as error:
            # OverflowError: the number is too large for a port.
            raise ConfigurationError(
                f"can't serve metrics on {self._host}:{self._port}: {getattr(error, 'strerror', None) or error}",
                hint="--metrics-port (REVIEWS_METRICS_PORT) and --metrics-host choose another; port 0 takes a free one",
            ) from error
        serve = self._server.serve_forever
        threading.Thread(target=serve, args=(STOP_LOOK_S,), name="probes", daemon=True).start()

    def await_last_scrape(self, seconds: float) -> None:
        """Wait, at most so long, until the metrics were read once more: nobody else would see what was counted last."""
        if seconds:
            self._last_scrape = threading.Event()
            get_logger("probes").info("waiting_for_the_last_scrape", at_most_s=seconds)
            self._last_scrape.wait(seconds)

    def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Self:
        """Start serving."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop serving."""
        self.stop()

    def _answer(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer a request (WSGI)."""
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
        if method not in {"GET", "HEAD"}:
            return _text(start_response, method, HTTPStatus.METHOD_NOT_ALLOWED, "GET and HEAD", ("Allow", "GET, HEAD"))
        try:
            if path == "/metrics":
                return self._show_metrics(environ, start_response)
            if path in self._pages:
                content = self._pages[path](environ.get("HTTP_HOST", ""))
                return _send(start_response, method, HTTPStatus.OK, content, ("Content-Type", "application/json"))
            return self._show_check(method, path, start_response)
        except Exception:  # noqa: BLE001 - nobody is above a server's thread
            get_logger("probes").exception("page_failed", path=path)
            return _text(start_response, method, HTTPStatus.INTERNAL_SERVER_ERROR, "see the log")

    def _show_metrics(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        # Before anything is read: a scrape that began earlier does not show what was counted since.
        last_scrape = self._last_scrape
        begun: list[Any] = []
        content = b"".join(self._metrics(environ | {"REQUEST_METHOD": "GET"}, lambda *head: begun.extend(head)))
        start_response(begun[0], [*begun[1], ("Content-Length", str(len(content)))])
        return () if method == "HEAD" else _telling_when_sent(content, last_scrape)

    def _show_check(self, method: str, path: str, start_response: Any) -> Iterable[bytes]:
        check = self._checks.get(path)
        if check is None:
            known = ["/metrics", *self._checks, *self._pages]
            return _text(start_response, method, HTTPStatus.NOT_FOUND, f"there is {', '.join(known)}")
        wrong = check()
        status = HTTPStatus.SERVICE_UNAVAILABLE if wrong else HTTPStatus.OK
        return _text(start_response, method, status, wrong or "ok")


def _telling_when_sent(content: bytes, sent: threading.Event | None) -> Iterator[bytes]:
    yield content
    if sent is not None:
        sent.set()


def _text(start_response: Any, method: str, status: HTTPStatus, text: str, *headers: tuple[str, str]) -> list[bytes]:
    plain = ("Content-Type", "text/plain; charset=utf-8")
    return _send(start_response, method, status, f"{text}\n".encode(), plain, *headers)


def _send(
    start_response: Any, method: str, status: HTTPStatus, content: bytes, *headers: tuple[str, str]
) -> list[bytes]:
    start_response(f"{status.value} {status.phrase}", [*headers, ("Content-Length", str(len(content)))])
    return [] if method == "HEAD" else [content]
