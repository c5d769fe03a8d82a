"""The board of the comparison: batch, real time, micro-batch and stream as measured, and the stream as it is now."""

from grafana_foundation_sdk.builders import dashboard

from deploy.grafana.panels import CHART_HEIGHT, Panel, Query, Scale, Step, bars, chart, listing, number
from deploy.grafana.queries import INSTANCES, quantile, rate
from deploy.grafana.variables import choice

CHOSEN = 'model=~"$model", scorer=~"$scorer"'
WAY = ("model", "scorer", "mode", "way")
BY_MODE = "{{mode}} · {{model}}, {{scorer}}"


def choices() -> list[dashboard.QueryVariable]:
    """Return the choice of what was compared."""
    return [
        choice("model", "Model", "reviews_comparison_accuracy", "model"),
        choice("scorer", "Scorer", "reviews_comparison_accuracy", "scorer"),
    ]


def rows() -> dict[str, list[Panel]]:
    """Return the panels of each row, by its title, from top to bottom."""
    return {
        "Verdict": verdict(),
        "As measured": figures(),
        "Every way": every_way(),
        "The stream now": live(),
    }


def measured(figure: str, *matchers: str) -> str:
    """Return the PromQL for a figure of the comparison, of the models and scorers chosen."""
    return f"reviews_comparison_{figure}{{{', '.join((*matchers, CHOSEN))}}}"


def best(pick: str, figure: str, *matchers: str) -> str:
    """Return the PromQL for a figure of each mode: of its ways the one that `pick`, min or max, names."""
    return f"{pick} by (model, scorer, mode) ({measured(figure, *matchers)})"


def of_the_longest(figure: str) -> str:
    """Return the PromQL for a figure of each mode: of the way that went through most reviews."""
    mode = "model, scorer, mode"
    longest = f"{measured('reviews')} == on ({mode}) group_left () max by ({mode}) ({measured('reviews')})"
    return f"max by ({mode}) ({measured(figure)} and on ({mode}, way) ({longest}))"


def verdict() -> list[Panel]:
    """Return the row that tells whether what was measured is good enough."""
    return [
        number(
            "Verdict",
            "Whether every threshold was met: accuracy, time a review, and that no mode says anything else.",
            "short",
            Query("min(reviews_comparison_verdict)", "verdict"),
            width=4,
            steps=(Step(None, "red"), Step(1, "green")),
            words={"0": "not good enough", "1": "good enough"},
        ),
        number(
            "Measured",
            "How long ago the comparison ended.",
            "s",
            Query("time() - max(reviews_comparison_timestamp_seconds)", "ago"),
            width=4,
            decimals=0,
        ),
        number(
            "Labels that differ",
            "Reviews labelled otherwise by one mode than by another, of one model: 0, or one of them is wrong.",
            "short",
            Query(f"sum({measured('labels_differing')})", "labels"),
            width=4,
            steps=(Step(None, "green"), Step(0.5, "red")),
            decimals=0,
        ),
        number(
            "Largest difference",
            "Of a probability, between two modes of one model: they may add in another order, no more.",
            "sci",
            Query(f"max({measured('probability_difference_max')})", "difference"),
            width=4,
            steps=(Step(None, "green"), Step(1e-9, "red")),
        ),
        listing(
            "Thresholds",
            "What the verdict goes by.",
            Query("max by (threshold) (reviews_comparison_threshold)", "value"),
            columns=("threshold",),
            width=8,
        ),
    ]


def figures() -> list[Panel]:
    """Return the row that holds the modes against each other, each by the best of its ways."""
    return [
        bars(
            "Seconds a review",
            "Mean time of a review, its share of a call where a call has many.",
            "s",
            Query(best("min", "review_seconds"), BY_MODE),
            width=8,
        ),
        bars(
            "Latency, p99",
            "Time that 99 % of the reviews wait less than; in a batch all of them wait for its end.",
            "s",
            Query(best("min", "latency_seconds", 'quantile="0.99"'), BY_MODE),
            width=8,
        ),
        bars(
            "Reviews a second",
            "How many reviews a second the mode takes at its fastest.",
            "short",
            Query(best("max", "reviews_per_second"), BY_MODE),
            width=8,
        ),
        bars(
            "Accuracy",
            "Right answers on reviews it has not learnt from; of each mode's ways the one that went through most.",
            "percentunit",
            Query(of_the_longest("accuracy"), BY_MODE),
            width=8,
        ),
        bars(
            "Processor seconds for a million reviews",
            "What a million reviews cost, over all cores.",
            "s",
            Query(best("min", "cpu_seconds_per_million"), BY_MODE),
            width=8,
        ),
        bars(
            "Most memory",
            "Peak resident memory of the process that scored.",
            "bytes",
            Query(best("min", "peak_memory_bytes"), BY_MODE),
            width=8,
        ),
    ]


def every_way() -> list[Panel]:
    """Return the row that has all figures of all ways."""
    by_way = f"max by ({', '.join(WAY)}) ({{}})".format
    return [
        listing(
            "Figures",
            "Every way that was measured: calls of all sizes, arrivals at a rate, and three ways through Kafka.",
            Query(by_way(measured("accuracy")), "accuracy"),
            Query(by_way(measured("macro_f1")), "macro F1"),
            Query(by_way(measured("review_seconds")), "a review"),
            *(
                Query(by_way(measured("latency_seconds", f'quantile="{quantile_}"')), f"p{100 * float(quantile_):g}")
                for quantile_ in ("0.5", "0.99")
            ),
            Query(by_way(measured("reviews_per_second")), "reviews a second"),
            columns=WAY,
            width=24,
            height=CHART_HEIGHT,
            units=("percentunit", "percentunit", "s", "s", "s", "short"),
        ),
    ]


def live() -> list[Panel]:
    """Return the row that holds the stream as it is now against what was measured."""
    end_to_end = "reviews_end_to_end_latency_seconds"
    working = f'sum (rate(reviews_loop_seconds_total{{state!="poll", {INSTANCES}}}[$__rate_interval]))'
    measured_p99 = measured("latency_seconds", 'mode="stream"', 'quantile="0.99"')
    by_mode = "measured: {{mode}}"
    return [
        chart(
            "Real time of a review, now",
            "Time the loop works for a review, without waiting for one; beside it what each mode was measured at.",
            "s",
            Query(f"{working} / ({rate('reviews_consumed_total')} > 0)", "now"),
            Query(f"min by (mode) ({measured('review_seconds')})", by_mode),
            width=8,
            scale=Scale.LOGARITHMIC,
        ),
        chart(
            "Latency, now",
            "From a review's timestamp to its label; beside it what the stream was measured at, one at a time.",
            "s",
            *(Query(quantile(share_below, end_to_end), f"p{100 * share_below:g}") for share_below in (0.5, 0.95, 0.99)),
            Query(f"min({measured_p99})", "measured: p99"),
            width=8,
            scale=Scale.LOGARITHMIC,
        ),
        chart(
            "Reviews a second, now",
            "Reviews labelled a second; beside it what each mode was measured to take at its fastest.",
            "cps",
            Query(rate("reviews_labelled_total"), "now"),
            Query(f"max by (mode) ({measured('reviews_per_second')})", by_mode),
            width=8,
            scale=Scale.LOGARITHMIC,
        ),
    ]
