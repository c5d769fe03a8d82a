"""The board of the model: what it says, how sure it is, what it reads, what a shadow model says beside it."""

from deploy.grafana.panels import CHART_HEIGHT, Panel, Query, Stacking, chart, heat_map, listing
from deploy.grafana.queries import average, chosen, of_jobs, part, quantile, rate, rise, share

REFERENCE_SHARE = f"max by (label) ({chosen('reviews_reference_label_share')})"


def rows() -> dict[str, list[Panel]]:
    """Return the panels of each row, by its title, from top to bottom."""
    return {
        "Labels": labels(),
        "How sure, how right": certainty(),
        "What comes in": texts(),
        "Models": models(),
    }


def labels() -> list[Panel]:
    """Return the row that tells what the reviews say, against what the model said to the reviews it was judged on."""
    mix = share("reviews_labelled_total", "label")
    return [
        chart(
            "Label mix",
            "Share of each label. A step without a reason outside: look at the model and at what comes in.",
            "percentunit",
            Query(mix, "{{label}}"),
            width=6,
            stacking=Stacking.ON_TOP,
            maximum=1,
        ),
        chart(
            "Difference from the reference",
            "Share of each label less its share on the reviews that the model was judged on.",
            "percentunit",
            Query(f"({mix}) - on (label) {REFERENCE_SHARE}", "{{label}}"),
            width=6,
            minimum=None,
        ),
        chart(
            "Stability index",
            "How far the label mix of the last hour is from the reference. Below 0.1: the same; above 0.25: shifted.",
            "short",
            Query(of_jobs("job:reviews_labelled:stability_index_rate1h"), "{{job}}"),
            width=6,
        ),
        chart(
            "Labels",
            "Reviews labelled, a second.",
            "cps",
            Query(rate("reviews_labelled_total", "label"), "{{label}}"),
            width=6,
        ),
    ]


def certainty() -> list[Panel]:
    """Return the row that tells how sure the model is, and what ratings say to that."""
    return [
        heat_map(
            "Probability of the label",
            "Reviews by the probability of the label given. A band that sinks: texts unlike those it learnt from.",
            "percentunit",
            Query(rise("reviews_score_bucket", "le"), "{{le}}"),
            width=8,
        ),
        chart(
            "Expected accuracy",
            "Mean probability of the label given: the share of right answers to expect, since scores are calibrated.",
            "percentunit",
            Query(average("reviews_score"), "expected"),
            width=8,
            minimum=None,
            maximum=1,
        ),
        chart(
            "Agreement with ratings",
            "Share of labels that fit the stars given: 1-2 negative, 4-5 positive; 3 stars and neutral don't count.",
            "percentunit",
            Query(part("reviews_rated_agreement_total", 'agree="yes"'), "agree"),
            width=8,
            maximum=1,
        ),
    ]


def texts() -> list[Panel]:
    """Return the row that tells what the model is given to read."""
    return [
        chart(
            "Terms it does not know",
            "Share of words and pairs of words that the model has not learnt. A step: another language or source.",
            "percentunit",
            Query(part("reviews_terms_total", 'known="no"'), "unknown"),
            width=8,
            maximum=1,
        ),
        heat_map(
            "Length of texts",
            "Reviews by the number of their characters. A new band: a new source, or texts cut short.",
            "short",
            Query(rise("reviews_text_chars_bucket", "le"), "{{le}}"),
            width=8,
        ),
        chart(
            "Length of texts, quantiles",
            "Characters that half and 95 % of the reviews stay below; longer ones take longer to score.",
            "short",
            *(
                Query(quantile(share_below, "reviews_text_chars"), f"p{100 * share_below:g}")
                for share_below in (0.5, 0.95)
            ),
            width=8,
        ),
    ]


def models() -> list[Panel]:
    """Return the row that tells which models are at work, and how the next one would do."""
    return [
        chart(
            "Shadow disagreement",
            "Share of the reviews that a shadow model labels otherwise: what would change with it.",
            "percentunit",
            Query(
                f"{rate('reviews_shadow_disagreements_total')} / ({rate('reviews_shadow_labelled_total')} > 0)", "share"
            ),
            width=6,
        ),
        listing(
            "Shadow model",
            "The model that scores beside the one that labels.",
            Query(f"count by (model, digest) ({chosen('reviews_shadow_info')})", "consumers"),
            columns=("model", "digest"),
            width=6,
            height=CHART_HEIGHT,
        ),
        chart(
            "Models offered",
            "Models offered to running consumers. Refused: the old one stays, and the log says why.",
            "short",
            Query(rise("reviews_model_reloads_total", "outcome"), "{{outcome}}"),
            width=6,
        ),
        listing(
            "Model in use",
            "What labels: version of the program, name and digest of the model, and how many consumers have it.",
            Query(f"count by (version, model, digest) ({chosen('reviews_build_info')})", "consumers"),
            columns=("version", "model", "digest"),
            width=6,
            height=CHART_HEIGHT,
        ),
    ]
