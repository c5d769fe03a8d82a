"""Which model is at work, which were offered at run time, and how often a shadow model disagrees."""

from prometheus_client import CollectorRegistry, Counter, Gauge

from shared.reviews import Model

DIGEST_SHOWN = 12


class ModelMetrics:
    """A ReloadObserver and a ShadowObserver that counts."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._build = Gauge(
            "reviews_build_info",
            "What runs: 1 for the version and the model in use.",
            ("version", "model", "digest"),
            registry=registry,
        )
        self._reloads = Counter(
            "reviews_model_reloads",
            "New models offered at run time, by whether they were taken; refused, the one before stays.",
            ("outcome",),
            registry=registry,
        )
        self._taken, self._refused = self._reloads.labels("taken"), self._reloads.labels("refused")
        self._shadow_labelled = Counter(
            "reviews_shadow_labelled", "Reviews that a shadow model labelled, too.", registry=registry
        )
        self._shadow_disagreements = Counter(
            "reviews_shadow_disagreements",
            "Reviews that the shadow model labels otherwise than the one in use.",
            registry=registry,
        )
        self._shadow = Gauge(
            "reviews_shadow_info",
            "1 for the shadow model; absent while there is none.",
            ("model", "digest"),
            registry=registry,
        )
        self._served: tuple[str, str, str] | None = None

    def serving(self, version: str, model: Model) -> None:
        """Say which program and which model are at work; what was said before is gone."""
        before, self._served = self._served, (version, model.name, model.digest[:DIGEST_SHOWN])
        # In this order: whoever looks meanwhile sees two, never none.
        self._build.labels(*self._served).set(1)
        if before not in {None, self._served}:
            self._build.remove(*before)

    def model_taken(self) -> None:
        """Count a model that was taken."""
        self._taken.inc()

    def model_refused(self) -> None:
        """Count a model that was refused."""
        self._refused.inc()

    def shadowed_by(self, model: Model) -> None:
        """Say which model is the shadow."""
        self._shadow.labels(model.name, model.digest[:DIGEST_SHOWN]).set(1)

    def shadow_compared(self, labelled: int, disagreements: int) -> None:
        """Count a batch that the shadow labelled; see ShadowObserver."""
        self._shadow_labelled.inc(labelled)
        self._shadow_disagreements.inc(disagreements)
