"""The first board: from "is all well?" at the top to "why not?" further down."""

from deploy.grafana.batches import batch_costs, batching, transactions
from deploy.grafana.panels import Panel, Query, Stacking, Step, chart, heat_map, listing, number
from deploy.grafana.queries import average, chosen, of_jobs, quantile, rate, rise

FRESH_RATIO = "job:reviews_end_to_end_latency_within_1s:ratio_rate{}".format
DEAD_LETTER_RATIO = of_jobs("job:reviews_dead_lettered:ratio_rate5m")
# Of 100 reviews one may take longer than a second.
FRESH_BUDGET = 0.01


def rows() -> dict[str, list[Panel]]:
    """Return the panels of each row, by its title, from top to bottom."""
    return {
        "Health": health(),
        "Objectives": objectives(),
        "Latency": latency(),
        "Batching": batching(),
        "Cost of a batch": batch_costs(),
        "Transactions": transactions(),
        "Errors": errors(),
        "Process": process(),
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
            width=4,
            decimals=1,
        ),
        number(
            "Labelled within 1 s",
            "Share of the reviews of the last 5 minutes whose label was acknowledged within 1 s. Objective: 99 %.",
            "percentunit",
            Query(of_jobs(FRESH_RATIO("5m")), "fresh"),
            width=3,
            steps=(Step(None, "red"), Step(0.99, "green")),
            decimals=2,
            when_empty="no reviews",
        ),
        number(
            "Worst lag",
            "Age of the oldest review that waits for its label, over all partitions; 0 when caught up.",
            "s",
            Query(f"max({chosen('reviews_lag_seconds')})", "lag"),
            width=3,
            steps=(Step(None, "green"), Step(1, "orange"), Step(60, "red")),
        ),
        number(
            "Dead letters",
            "Records that could not be used, in the time range shown. `review-consumer dlq list` tells which.",
            "short",
            Query(f"sum(increase({chosen('reviews_dead_lettered_total')}[$__range]))", "dead letters"),
            width=3,
            steps=(Step(None, "green"), Step(0.5, "orange")),
            decimals=0,
        ),
        number(
            "Alerts",
            "Alerts that fire, of all jobs. The marks in the charts name them; the runbook says what to do.",
            "short",
            Query('count(ALERTS{alertstate="firing"}) or vector(0)', "firing"),
            width=2,
            steps=(Step(None, "green"), Step(0.5, "red")),
            decimals=0,
        ),
        number(
            "Consumers and partitions",
            "Consumers that answer Prometheus, and partitions assigned to them; fewer than the topic has: some wait.",
            "short",
            Query(f"count(count by (job, instance) ({chosen('reviews_build_info')})) or vector(0)", "consumers"),
            Query(f"sum({chosen('reviews_assigned_partitions')})", "partitions"),
            width=4,
        ),
        listing(
            "Build and model",
            "What runs: version of the program, name and digest of the model. Two rows: a new one is on its way in.",
            Query(f"count by (version, model, digest) ({chosen('reviews_build_info')})", "consumers"),
            columns=("version", "model", "digest"),
            width=5,
        ),
    ]


def objectives() -> list[Panel]:
    """Return the row that tells whether what was promised is kept."""
    return [
        chart(
            "Freshness budget burnt",
            "Reviews later than 1 s against the 1 % that may be. 1: all that is allowed.",
            "short",
            *(
                Query(f"(1 - {of_jobs(FRESH_RATIO(window))}) / {FRESH_BUDGET}", f"over {window}")
                for window in ("5m", "1h", "6h", "3d")
            ),
            width=12,
        ),
        chart(
            "Share of dead letters",
            "Dead letters among the records of the last 5 minutes. Objective: less than 1 %.",
            "percentunit",
            Query(DEAD_LETTER_RATIO, "dead letters"),
            width=12,
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
            Query(rise(f"{end_to_end}_bucket", "le"), "{{le}}"),
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
            Query(average("reviews_stage_seconds", "stage"), "{{stage}}"),
            width=12,
            stacking=Stacking.ON_TOP,
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
            "Timestamps from the future",
            "Records a second whose timestamp lay ahead of this machine's clock: their latency counts as 0.",
            "cps",
            Query(rate("reviews_clock_skew_total"), "records"),
            width=8,
        ),
        chart(
            "Log lines",
            "Lines that the consumers wrote, by level, from one point to the next. Errors: read them.",
            "short",
            Query(rise("reviews_log_messages_total", "level"), "{{level}}"),
            width=8,
        ),
    ]


def process() -> list[Panel]:
    """Return the row that tells what the processes use."""
    return [
        chart(
            "CPU",
            "Processor cores that each consumer keeps busy.",
            "short",
            Query(f"rate({chosen('process_cpu_seconds_total')}[$__rate_interval])", "{{instance}}"),
            width=6,
        ),
        chart(
            "Memory",
            "Resident memory of each consumer: level under steady load.",
            "bytes",
            Query(chosen("process_resident_memory_bytes"), "{{instance}}"),
            width=6,
        ),
        chart(
            "Memory of its limit",
            "Resident memory as a share of what the process may have; 0 without a limit. At 1 it is killed.",
            "percentunit",
            Query(chosen("job_instance:reviews_memory:limit_ratio"), "{{instance}}"),
            width=6,
        ),
        chart(
            "Bytes in flight",
            "Bytes of reviews scored whose labels are not acknowledged yet; bounded, and 0 when idle.",
            "bytes",
            Query(chosen("reviews_inflight_bytes"), "{{instance}}"),
            width=6,
        ),
    ]
