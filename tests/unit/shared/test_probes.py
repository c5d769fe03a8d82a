"""The HTTP port that Prometheus and supervisors look at."""

import http.client
import socket
import threading

import pytest
from prometheus_client import CollectorRegistry, Counter

from shared.errors import ConfigurationError
from shared.probes import ProbeServer


def answer(server: ProbeServer, path: str, method: str = "GET") -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        connection.request(method, path)
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


def test_head_is_answered_as_get_is_without_the_content() -> None:
    with server_with(wrong="stuck") as server:
        for path, status in (("/metrics", 200), ("/livez", 503), ("/readyz", 200), ("/none", 404)):
            assert answer(server, path, method="HEAD") == (status, "")


def test_whoever_wants_to_change_something_is_refused() -> None:
    with server_with() as server:
        for method in ("POST", "PUT", "DELETE", "OPTIONS"):
            assert answer(server, "/metrics", method=method) == (405, "GET and HEAD\n")


def test_a_page_is_json_made_for_the_host_that_was_asked() -> None:
    def targets(host: str) -> bytes:
        return f'["{host}"]'.encode()

    with ProbeServer(CollectorRegistry(), "127.0.0.1", 0, {}, {"/targets": targets}) as server:
        assert answer(server, "/targets") == (200, f'["127.0.0.1:{server.port}"]')


def test_a_check_that_raises_is_500_and_the_next_one_is_answered(capsys: pytest.CaptureFixture[str]) -> None:
    def broken() -> str:
        raise ZeroDivisionError

    with ProbeServer(CollectorRegistry(), "127.0.0.1", 0, {"/livez": broken, "/readyz": str}) as server:
        assert answer(server, "/livez") == (500, "see the log\n")
        assert answer(server, "/readyz") == (200, "ok\n")
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_the_last_scrape_is_one_that_began_while_it_was_waited_for() -> None:
    with server_with() as server:
        assert answer(server, "/metrics")[0] == 200
        waiting = threading.Thread(target=server.await_last_scrape, args=(600.0,))
        waiting.start()
        for path, method in (("/livez", "GET"), ("/metrics", "HEAD")):
            assert answer(server, path, method)[0] == 200
        assert waiting.is_alive()
        # One may still come before it has begun to wait.
        while waiting.is_alive():
            assert answer(server, "/metrics")[0] == 200
            waiting.join(0.05)


def test_the_last_scrape_is_waited_for_no_longer_than_was_said_and_not_at_all_by_default() -> None:
    with server_with() as server:
        server.await_last_scrape(0.01)
        server.await_last_scrape(0)


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
