"""The HTTP port that Prometheus and supervisors look at."""

import http.client
import socket

import pytest
from prometheus_client import CollectorRegistry, Counter

from shared.errors import ConfigurationError
from shared.probes import CLIENT_TIMEOUT_S, ProbeServer


def answer(server: ProbeServer, path: str, timeout_s: float = 30) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=timeout_s)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def server_with(registry: CollectorRegistry | None = None, port: int = 0, wrong: str = "") -> ProbeServer:
    checks = {"/livez": lambda: wrong, "/readyz": lambda: ""}
    return ProbeServer(registry or CollectorRegistry(), "127.0.0.1", port, checks)


def test_metrics_are_served_as_they_stand_when_asked() -> None:
    registry = CollectorRegistry()
    lamps = Counter("lamps", "Lamps seen.", registry=registry)
    with server_with(registry) as server:
        assert "lamps_total 0.0" in answer(server, "/metrics")[1]
        lamps.inc(3)
        assert "lamps_total 3.0" in answer(server, "/metrics")[1]


def test_a_check_that_finds_nothing_wrong_is_200() -> None:
    with server_with() as server:
        assert answer(server, "/livez") == (200, "ok\n")
        assert answer(server, "/readyz?verbose=1") == (200, "ok\n")


def test_a_check_that_finds_something_wrong_is_503_and_says_what() -> None:
    with server_with(wrong="the loop has not turned for 99 s") as server:
        assert answer(server, "/livez") == (503, "the loop has not turned for 99 s\n")
        assert answer(server, "/readyz")[0] == 200


def test_any_other_path_is_404_and_lists_what_there_is() -> None:
    with server_with() as server:
        for path in ("/", "/livez/x", "/favicon.ico"):
            assert answer(server, path) == (404, "there is /metrics, /livez, /readyz\n")


def test_a_client_that_says_nothing_keeps_nobody_else_waiting() -> None:
    with server_with() as server, socket.create_connection(("127.0.0.1", server.port)):
        assert answer(server, "/livez", CLIENT_TIMEOUT_S / 2)[0] == 200


def test_port_0_takes_a_free_one_and_says_which() -> None:
    with server_with() as first, server_with() as second:
        assert 0 not in {first.port, second.port}
        assert first.port != second.port


def test_a_port_that_is_taken_is_a_configuration_error_that_names_the_setting() -> None:
    with server_with() as first, pytest.raises(ConfigurationError, match=str(first.port)) as caught:
        server_with(port=first.port).start()
    assert "REVIEWS_METRICS_PORT" in caught.value.hint


def test_a_port_that_no_machine_has_is_a_configuration_error_too() -> None:
    with pytest.raises(ConfigurationError, match="70000") as caught:
        server_with(port=70_000).start()
    assert "REVIEWS_METRICS_PORT" in caught.value.hint


def test_a_host_that_is_not_ours_is_a_configuration_error() -> None:
    server = ProbeServer(CollectorRegistry(), "192.0.2.1", 0, {})
    with pytest.raises(ConfigurationError, match=r"192\.0\.2\.1"):
        server.start()


def test_after_stop_nobody_listens_and_the_port_is_free_again() -> None:
    server = server_with()
    server.start()
    port = server.port
    server.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=30)
    with server_with(port=port) as again:
        assert answer(again, "/livez")[0] == 200
