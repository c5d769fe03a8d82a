"""From an artifact's folder to a scorer that has proved it says what the artifact says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from consumer.model.artifact import read_linear_model
from consumer.model.compiled.compiler import Unsupported
from consumer.model.compiled.scorer import CompiledScorer
from consumer.model.golden import golden_differences, read_golden
from consumer.model.labelling import Labelling
from consumer.model.manifest import TRAIN_AGAIN, Manifest, read_manifest
from consumer.scoring.ports import Scorer
from shared.errors import ConfigurationError
from shared.logs import get_logger

COMPILED = "compiled kernel"
REFERENCE = "scikit-learn"
# A band is around p = 0.5: nothing is further from it than this.
NEUTRAL_BAND_MAX = 0.5
# So many texts that differ are named; one is enough to refuse the model.
DIFFERENCES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A scorer ready to score, what it was made from, and whether the kernel or scikit-learn does the work.

    `label_shares` is the mix of labels it gave to the reviews it was judged by; empty where its band is another now.
    """

    scorer: Scorer
    manifest: Manifest
    scored_by: str
    label_shares: Mapping[str, float]


def load_scorer(folder: Path, neutral_band: float | None = None) -> LoadedModel:
    """Load, compile and warm up a model; ConfigurationError where a file or the golden set is not as it must be.

    `neutral_band` stands in for the manifest's. scikit-learn is imported only where the kernel can't score the model.
    """
    manifest = read_manifest(folder)
    label_as = _labelling(manifest, neutral_band)
    with_labelling, scored_by = _scorer_of(folder, manifest)
    # The golden labels were given with the manifest's own band.
    differences = golden_differences(
        with_labelling(Labelling(manifest.classes, manifest.neutral_band.half_width)), read_golden(folder, manifest)
    )
    if differences:
        shown = "\n  ".join(differences[:DIFFERENCES_SHOWN])
        raise ConfigurationError(
            f"the model in {folder} does not say what it said when it was trained:\n  {shown}",
            hint=TRAIN_AGAIN,
        )
    as_judged = neutral_band in {None, manifest.neutral_band.half_width}
    return LoadedModel(with_labelling(label_as), manifest, scored_by, manifest.held_out.labels if as_judged else {})


def load_same(folder: Path, neutral_band: float | None, digest: str) -> Scorer:
    """Load a model on another machine; ConfigurationError where the folder holds another one there."""
    loaded = load_scorer(folder, neutral_band)
    if loaded.manifest.digest() != digest:
        raise ConfigurationError(
            f"the model in {folder} on this machine is another one: {loaded.manifest.digest()[:12]}, not {digest[:12]}",
            hint="copy the same folder to every machine",
        )
    return loaded.scorer


def _labelling(manifest: Manifest, neutral_band: float | None) -> Labelling:
    if neutral_band is None:
        return Labelling(manifest.classes, manifest.neutral_band.half_width)
    if not 0 <= neutral_band <= NEUTRAL_BAND_MAX:
        raise ConfigurationError(
            f"the neutral band is {neutral_band:g}", hint=f"--neutral-band is between 0 and {NEUTRAL_BAND_MAX:g}"
        )
    if len(manifest.classes) > 2:  # noqa: PLR2004 - with a third class, neutral is learnt
        raise ConfigurationError(
            f"{manifest.name!r} has {len(manifest.classes)} classes and no neutral band",
            hint="leave --neutral-band out",
        )
    return Labelling(manifest.classes, neutral_band)


def _scorer_of(folder: Path, manifest: Manifest) -> tuple[Callable[[Labelling], Scorer], str]:
    if manifest.features is None:
        return _reference_of(folder, manifest, f"{manifest.name!r} is no linear model")
    try:
        compiled = CompiledScorer(read_linear_model(folder, manifest), manifest.model())
    except Unsupported as because:
        return _reference_of(folder, manifest, str(because))
    compiled.warm_up()
    return compiled.labelling_by, COMPILED


def _reference_of(folder: Path, manifest: Manifest, because: str) -> tuple[Callable[[Labelling], Scorer], str]:
    get_logger("model").warning("scored_by_scikit_learn", because=because)
    # Slow to import, and not needed by a model that can be compiled.
    from consumer.model.calibration import Platt  # noqa: PLC0415
    from consumer.model.reference import SklearnScorer, load_pipeline  # noqa: PLC0415

    pipeline, platt = load_pipeline(folder, manifest), Platt(manifest.slope, manifest.offset)
    return lambda labels: SklearnScorer(pipeline, manifest.model(), labels, manifest.link, platt), REFERENCE
