"""One small HTTP server: /metrics for Prometheus, and the probes for whoever starts and watches the process."""

import threading
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Self
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.exposition import ThreadingWSGIServer

from shared.errors import ConfigurationError

# A scraper that hangs is let go after so long.
CLIENT_TIMEOUT_S = 10.0

Check = Callable[[], str]


class _Handler(WSGIRequestHandler):
    timeout = CLIENT_TIMEOUT_S

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Say nothing: a scrape every few seconds is no news."""


class ProbeServer:
    """Serves metrics and checks; a check returns what is wrong, or nothing where all is well."""

    def __init__(self, registry: CollectorRegistry, host: str, port: int, checks: Mapping[str, Check]) -> None:
        self._metrics: Any = make_wsgi_app(registry)
        self._host = host
        self._port = port
        self._checks = checks
        self._server: WSGIServer | None = None

    @property
    def port(self) -> int:
        """The port it listens on, also where 0 was asked for."""
        return self._server.server_port if self._server else self._port

    def start(self) -> None:
        """Listen; ConfigurationError, naming the setting, where the port can't be had."""
        try:
            self._server = make_server(self._host, self._port, self._answer, ThreadingWSGIServer, _Handler)
        except (OSError, OverflowError) as error:
            # OverflowError: the number is too large for a port.
            raise ConfigurationError(
                f"can't serve metrics on {self._host}:{self._port}: {getattr(error, 'strerror', None) or error}",
                hint="--metrics-port (REVIEWS_METRICS_PORT) and --metrics-host choose another; port 0 takes a free one",
            ) from error
        threading.Thread(target=self._server.serve_forever, name="probes", daemon=True).start()

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
        path = environ.get("PATH_INFO", "")
        if path == "/metrics":
            answer: Iterable[bytes] = self._metrics(environ, start_response)
            return answer
        check = self._checks.get(path)
        if check is None:
            start_response("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
            return [("there is /metrics" + "".join(f", {known}" for known in self._checks) + "\n").encode()]
        wrong = check()
        start_response(
            "503 Service Unavailable" if wrong else "200 OK", [("Content-Type", "text/plain; charset=utf-8")]
        )
        return [(wrong or "ok").encode() + b"\n"]
