"""What a running program's /metrics says."""

import http.client
import threading
import time
import urllib.request

from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

OPENMETRICS = "application/openmetrics-text; version=1.0.0"
ANSWER_S_MAX = 10.0
VALUE_S_MAX = 60.0
ASK_EVERY_S = 0.05


def read_families(port: int) -> list[Metric]:
    """Return every metric with its samples."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=ANSWER_S_MAX) as answer:
        return list(text_string_to_metric_families(answer.read().decode()))


def read_metrics(port: int) -> dict[str, float]:
    """Return every sample's value, summed over its labels."""
    totals: dict[str, float] = {}
    for family in read_families(port):
        for sample in family.samples:
            totals[sample.name] = totals.get(sample.name, 0.0) + sample.value
    return totals


def read_page(port: int, accept: str) -> tuple[str, str]:
    """Return the page in the format that the Accept header asks for: its content type and its text."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_S_MAX)
    try:
        connection.request("GET", "/metrics", headers={"Accept": accept})
        answer = connection.getresponse()
        return answer.headers["Content-Type"], answer.read().decode()
    finally:
        connection.close()


def read_samples(port: int) -> list[Sample]:
    """Return every sample with its labels and its exemplar, as OpenMetrics has them."""
    kind, page = read_page(port, OPENMETRICS)
    assert kind.startswith("application/openmetrics-text")
    families = read_openmetrics(page)  # type: ignore[no-untyped-call]  # the parser of plain text is typed
    return [sample for family in families for sample in family.samples]


def await_value(port: int, name: str, value: float) -> dict[str, float]:
    """Return every sample's value, summed over its labels, once that of `name` is this; fails where it stays another.

    What a program has done shows on its page a moment after the broker knows of it.
    """
    deadline = time.monotonic() + VALUE_S_MAX
    while (found := read_metrics(port)).get(name) != value:
        assert time.monotonic() < deadline, f"{name} is {found.get(name)}, not {value}"
        threading.Event().wait(ASK_EVERY_S)
    return found


def negative_samples(port: int) -> list[str]:
    """Return the samples whose value is less than nothing."""
    samples = [sample for family in read_families(port) for sample in family.samples]
    return [f"{sample.name}{sample.labels}" for sample in samples if sample.value < 0]
