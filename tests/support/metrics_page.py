"""What a running program's /metrics says."""

import urllib.request

from prometheus_client.parser import text_string_to_metric_families

ANSWER_S_MAX = 10.0


def read_metrics(port: int) -> dict[str, float]:
    """Return every sample's value, summed over its labels."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=ANSWER_S_MAX) as answer:
        text = answer.read().decode()
    totals: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            totals[sample.name] = totals.get(sample.name, 0.0) + sample.value
    return totals


def negative_samples(port: int) -> list[str]:
    """Return the samples whose value is less than nothing."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=ANSWER_S_MAX) as answer:
        text = answer.read().decode()
    families = text_string_to_metric_families(text)
    return [f"{sample.name}{sample.labels}" for family in families for sample in family.samples if sample.value < 0]
