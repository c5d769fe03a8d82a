"""The real Prometheus of the tests scrapes what it is told to, and says what it saw."""

from collections.abc import Iterator

import pytest
from prometheus_client import CollectorRegistry, Gauge, start_http_server

from tests.support.prometheus_server import PrometheusServer, QueryRefused, installed_prometheus

RULES = """
groups:
  - name: temperature
    rules:
      - alert: TooWarm
        expr: temperature_celsius > 30
        labels: {severity: page}
        annotations: {summary: "{{ $value }} degrees"}
"""
WARM = 31.5


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusServer]:
    rules = tmp_path_factory.mktemp("rules") / "warm.yml"
    rules.write_text(RULES, "utf-8")
    registry = CollectorRegistry()
    Gauge("temperature_celsius", "How warm it is.", registry=registry).set(WARM)
    server, thread = start_http_server(0, "127.0.0.1", registry)
    with installed_prometheus([rules], 0.2) as running:
        running.scrape("kitchen", [server.server_port])
        running.await_series("temperature_celsius")
        yield running
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_target_is_scraped_in_the_name_of_its_job(prometheus: PrometheusServer) -> None:
    (found,) = prometheus.query("temperature_celsius").series

    assert (found.value, found.labels["job"]) == (WARM, "kitchen")


def test_a_range_holds_what_was_seen(prometheus: PrometheusServer) -> None:
    (now_s,) = (found.value for found in prometheus.query("time()").series)
    (found,) = prometheus.query_range("temperature_celsius", now_s - 1, now_s, 0.5).series

    assert {value for _, value in found.points} == {WARM}


def test_an_alert_fires_with_its_words(prometheus: PrometheusServer) -> None:
    prometheus.await_series('ALERTS{alertstate="firing"}')
    (alert,) = prometheus.alerts()

    assert (alert.name, alert.state, alert.annotations["summary"]) == ("TooWarm", "firing", "31.5 degrees")


def test_a_query_that_is_none_is_refused_in_the_words_of_prometheus(prometheus: PrometheusServer) -> None:
    with pytest.raises(QueryRefused, match="parse error"):
        prometheus.query("rate(")
