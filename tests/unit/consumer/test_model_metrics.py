"""What /metrics says about models: one at work, those offered, and a shadow."""

import msgspec
from prometheus_client import CollectorRegistry

from consumer.telemetry.models import ModelMetrics
from tests.support.fake_scorer import MODEL


class Page:
    """The metrics, and what they show."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.metrics = ModelMetrics(self.registry)

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"reviews_{name}", labels)

    def series(self, name: str) -> list[dict[str, str]]:
        """Return the labels of each series of a metric."""
        samples = [sample for family in self.registry.collect() for sample in family.samples]
        return [dict(sample.labels) for sample in samples if sample.name == f"reviews_{name}"]


def test_a_new_model_takes_the_place_of_the_one_before_in_what_runs() -> None:
    page = Page()
    other = msgspec.structs.replace(MODEL, digest="e5" * 32)
    for model in (MODEL, MODEL, other):
        page.metrics.serving("9.9", model)
        assert page.series("build_info") == [{"version": "9.9", "model": "keywords", "digest": model.digest[:12]}]


def test_what_became_of_offered_models_is_counted_from_zero() -> None:
    page = Page()
    assert [page.value("model_reloads_total", outcome=outcome) for outcome in ("taken", "refused")] == [0, 0]
    page.metrics.model_taken()
    page.metrics.model_refused()
    page.metrics.model_refused()
    assert [page.value("model_reloads_total", outcome=outcome) for outcome in ("taken", "refused")] == [1, 2]


def test_the_shadow_is_named_once_there_is_one_and_its_disagreements_are_counted() -> None:
    page = Page()
    assert page.series("shadow_info") == []
    page.metrics.shadowed_by(MODEL)
    assert page.value("shadow_info", model="keywords", digest=MODEL.digest[:12]) == 1
    page.metrics.shadow_compared(10, 3)
    page.metrics.shadow_compared(5, 0)
    assert (page.value("shadow_labelled_total"), page.value("shadow_disagreements_total")) == (15, 3)
