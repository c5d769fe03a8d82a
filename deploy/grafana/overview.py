"""The first dashboard: from "is all well?" at the top to "why not?" further down."""

from deploy.grafana.batches import batch_costs, batching, transactions
from deploy.grafana.panels import Panel, Query, Stacking, Step, chart, heat_map, listing, number
from deploy.grafana.queries import quantile, rate, share

FRESH_RATIO = "job:reviews_end_to_end_latency_within_1s:ratio_rate5m"
DEAD_LETTER_RATIO = "job:reviews_dead_lettered:ratio_rate5m"


def rows() -> dict[str, list[Panel]]:
    """Return the panels of each row, by its title, from top to bottom."""
    return {
        "Health": health(),
        "Latency": latency(),
        "Lag": lag(),
        "Batching": batching(),
        "Cost of a batch": batch_costs(),
        "Transactions": transactions(),
        "Results": results(),
        "Errors": errors(),
        "Group and process": group_and_process(),
    }


def health() -> list[Panel]:
    """Return the row that tells whether all is well."""
    return [
        number(
            "In and out",
            "Reviews taken from the topic and reviews labelled, a second. In stays below what is sent: lag grows.",
            "cps",
            Query(rate("reviews_consumed_total"), "in"),
            Query(rate("reviews_labelled_total"), "labelled"),
            width=5,
            decimals=1,
        ),
        number(
            "Labelled within 1 s",
            "Share of the reviews of the last 5 minutes whose label was acknowledged within 1 s. Objective: 99 %.",
            "percentunit",
            Query(FRESH_RATIO, "fresh"),
            width=4,
            steps=(Step(None, "red"), Step(0.99, "green")),
            decimals=2,
            when_empty="no reviews",
        ),
        number(
            "Worst lag",
            "Age of the oldest review that waits for its label, over all partitions; 0 when caught up.",
            "s",
            Query("max(reviews_lag_seconds)", "lag"),
            width=3,
            steps=(Step(None, "green"), Step(1, "orange"), Step(60, "red")),
        ),
        number(
            "Dead letters",
            "Records that could not be used, in the time range shown. `review-consumer dlq list` tells which.",
            "short",
            Query("sum(increase(reviews_dead_lettered_total[$__range]))", "dead letters"),
            width=3,
            steps=(Step(None, "green"), Step(0.5, "orange")),
            decimals=0,
        ),
        number(
            "Consumers and partitions",
            "Consumers that answer Prometheus, and partitions assigned to them; fewer than the topic has: some wait.",
            "short",
            Query('sum(up{job="consumer"})', "consumers"),
            Query("sum(reviews_assigned_partitions)", "partitions"),
            width=4,
        ),
        listing(
            "Build and model",
            "What runs: version of the program, name and digest of the model. Two rows: a new one is on its way in.",
            Query("count by (version, model, digest) (reviews_build_info)"),
            columns=("version", "model", "digest"),
            value="consumers",
            width=5,
        ),
    ]


def latency() -> list[Panel]:
    """Return the row that tells how long a review waits, and where."""
    end_to_end = "reviews_end_to_end_latency_seconds"
    return [
        heat_map(
            "End to end",
            "Reviews by the time from the record's timestamp to the acknowledged label. A second band: some wait.",
            "s",
            Query(f"sum by (le) (increase({end_to_end}_bucket[$__rate_interval]))", "{{le}}"),
            width=12,
        ),
        chart(
            "End to end, quantiles",
            "Time from the record's timestamp to the acknowledged label that half, 95 % and 99 % stay below.",
            "s",
            *(Query(quantile(share_below, end_to_end), f"p{100 * share_below:g}") for share_below in (0.5, 0.95, 0.99)),
            width=12,
        ),
        chart(
            "Stages, p95",
            "Time that 95 % stay below. Queue: one record's wait before it was read; the others: one batch's.",
            "s",
            Query(quantile(0.95, "reviews_stage_seconds", "stage"), "{{stage}}"),
            width=12,
        ),
        chart(
            "Stages, average",
            "Average time of each stage: the tallest is where the time goes.",
            "s",
            Query(
                f"{rate('reviews_stage_seconds_sum', 'stage')} / ({rate('reviews_stage_seconds_count', 'stage')} > 0)",
                "{{stage}}",
            ),
            width=12,
            stacking=Stacking.ON_TOP,
        ),
    ]


def lag() -> list[Panel]:
    """Return the row that tells whether it keeps up."""
    return [
        chart(
            "Lag in records",
            "Records that wait in each partition: after the last one whose label was acknowledged.",
            "short",
            Query("max by (topic, partition) (reviews_lag_records)", "{{topic}}/{{partition}}"),
            width=8,
            stacking=Stacking.ON_TOP,
        ),
        chart(
            "Lag in seconds",
            "Age of the oldest record that waits in each partition; one alone: a hot key or a stuck consumer.",
            "s",
            Query("max by (topic, partition) (reviews_lag_seconds)", "{{topic}}/{{partition}}"),
            width=8,
        ),
        chart(
            "In against out",
            "Records a second: taken from the topic, labelled, dead-lettered. In = labelled + dead-lettered.",
            "cps",
            Query(rate("reviews_consumed_total"), "in"),
            Query(rate("reviews_labelled_total"), "labelled"),
            Query(rate("reviews_dead_lettered_total"), "dead-lettered"),
            width=8,
        ),
    ]


def results() -> list[Panel]:
    """Return the row that tells what the reviews say."""
    return [
        chart(
            "Label mix",
            "Share of each label. A step without a reason outside: look at the model and at what comes in.",
            "percentunit",
            Query(share("reviews_labelled_total", "label"), "{{label}}"),
            width=12,
            stacking=Stacking.ON_TOP,
            maximum=1,
        ),
        chart(
            "Labels",
            "Reviews labelled, a second.",
            "cps",
            Query(rate("reviews_labelled_total", "label"), "{{label}}"),
            width=12,
        ),
    ]


def errors() -> list[Panel]:
    """Return the row that tells what can't be used, and why."""
    return [
        chart(
            "Dead letters by reason",
            "Records a second that went to the dead-letter topic, by reason.",
            "cps",
            Query(rate("reviews_dead_lettered_total", "reason"), "{{reason}}"),
            width=8,
            stacking=Stacking.ON_TOP,
        ),
        chart(
            "Share of dead letters",
            "Dead letters among the records of the last 5 minutes. Objective: less than 1 %.",
            "percentunit",
            Query(DEAD_LETTER_RATIO, "dead letters"),
            width=8,
        ),
        chart(
            "Timestamps from the future",
            "Records a second whose timestamp lay ahead of this machine's clock: their latency counts as 0.",
            "cps",
            Query(rate("reviews_clock_skew_total"), "records"),
            width=8,
        ),
    ]


def group_and_process() -> list[Panel]:
    """Return the row that tells whether the consumers are steady."""
    return [
        chart(
            "Rebalances and rewinds",
            "Times partitions were assigned, revoked or lost (the group gave the consumer up), or work redone.",
            "short",
            Query("sum by (kind) (increase(reviews_rebalances_total[$__rate_interval]))", "{{kind}}"),
            Query("sum(increase(reviews_rewinds_total[$__rate_interval]))", "rewound"),
            width=6,
        ),
        chart(
            "Since the last one",
            "Time since a review was scored and an offset committed. Long while records wait: stalled.",
            "s",
            Query("time() - (max(reviews_last_scored_timestamp_seconds) > 0)", "scored"),
            Query("time() - (max(reviews_last_commit_timestamp_seconds) > 0)", "committed"),
            width=6,
        ),
        chart(
            "CPU",
            "Processor cores that each consumer keeps busy.",
            "short",
            Query('rate(process_cpu_seconds_total{job="consumer"}[$__rate_interval])', "{{instance}}"),
            width=6,
        ),
        chart(
            "Memory",
            "Resident memory of each consumer: level under steady load.",
            "bytes",
            Query('process_resident_memory_bytes{job="consumer"}', "{{instance}}"),
            width=6,
        ),
    ]
