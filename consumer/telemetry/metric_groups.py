"""Which question each metric answers, in which unit, under which labels: what a declaration itself can't say."""

from dataclasses import dataclass

from consumer.telemetry.kafka_clients import CLIENTS
from consumer.telemetry.loop_seconds import LOOP_STATES
from consumer.telemetry.metrics import CLOSED_BY, LABELS, REBALANCES, STAGES, TRANSACTION_ENDS
from shared.errors import Reason


@dataclass(frozen=True, slots=True)
class MetricLabel:
    """One label: every value it may have, or, where they are not known in advance, what bounds them."""

    name: str
    values: tuple[str, ...] = ()
    bounded_by: str = ""


@dataclass(frozen=True, slots=True)
class MetricFacts:
    """Unit and labels of a metric, by its name without the prefix."""

    name: str
    unit: str
    labels: tuple[MetricLabel, ...] = ()


@dataclass(frozen=True, slots=True)
class MetricGroup:
    """Metrics that answer one question."""

    title: str
    question: str
    metrics: tuple[MetricFacts, ...]


TOPIC = MetricLabel("topic", bounded_by="the input topic")
PARTITION = MetricLabel("partition", bounded_by="the partitions held")
VERSION = MetricLabel("version", bounded_by="the program's")
MODEL = (
    MetricLabel("model", bounded_by="the name of the model at work"),
    MetricLabel("digest", bounded_by="its digest's first 12 digits"),
)
LABEL = MetricLabel("label", LABELS)
CLIENT = MetricLabel("client", CLIENTS)
WORKER = MetricLabel("worker", bounded_by="the number of workers")
YES_NO = ("yes", "no")
LOG_LEVELS = ("debug", "info", "warning", "error", "critical")
WAY = (
    *MODEL,
    MetricLabel("scorer", bounded_by="the ways a model is scored"),
    MetricLabel("mode", bounded_by="batch, real time and what lies between"),
    MetricLabel("way", bounded_by="the ways that were measured"),
)

GROUPS = (
    MetricGroup(
        "What runs",
        "Which program, which model, since when?",
        (
            MetricFacts("build_info", "1", (VERSION, *MODEL)),
            MetricFacts("model_reloads_total", "models", (MetricLabel("outcome", ("taken", "refused")),)),
            MetricFacts("shadow_info", "1", MODEL),
            MetricFacts("worker_up", "1 or 0", (WORKER,)),
            MetricFacts("worker_starts_total", "processes", (WORKER,)),
            MetricFacts(
                "worker_exits_total", "processes", (WORKER, MetricLabel("outcome", ("done", "fenced", "failed")))
            ),
        ),
    ),
    MetricGroup(
        "In and out",
        "What comes in, what goes out, what can't be used and why?",
        (
            MetricFacts("consumed_total", "records"),
            MetricFacts("labelled_total", "reviews", (LABEL,)),
            MetricFacts(
                "dead_lettered_total", "records", (MetricLabel("reason", tuple(reason.value for reason in Reason)),)
            ),
        ),
    ),
    MetricGroup(
        "Latency",
        "How long does a review wait for its label, and where?",
        (
            MetricFacts("end_to_end_latency_seconds", "seconds"),
            MetricFacts("stage_seconds", "seconds", (MetricLabel("stage", STAGES),)),
        ),
    ),
    MetricGroup(
        "Batching",
        "Does micro-batching work, why did batches close, what is the loop busy with?",
        (
            MetricFacts("batch_records", "records"),
            MetricFacts("batches_total", "batches", (MetricLabel("closed_by", CLOSED_BY),)),
            MetricFacts("loop_seconds_total", "seconds", (MetricLabel("state", LOOP_STATES),)),
            MetricFacts("batch_cost_seconds_per_byte", "seconds a byte"),
            MetricFacts("batch_cost_fixed_seconds", "seconds"),
            MetricFacts("batch_cost_error_ratio", "share"),
            MetricFacts("catching_up", "1 or 0"),
        ),
    ),
    MetricGroup(
        "Delivery",
        "Is what was scored safe, is what is on its way bounded, has it stalled?",
        (
            MetricFacts("inflight_records", "records"),
            MetricFacts("inflight_bytes", "bytes"),
            MetricFacts("transactions_total", "transactions", (MetricLabel("outcome", TRANSACTION_ENDS),)),
            MetricFacts("transaction_seconds", "seconds"),
            MetricFacts("rewinds_total", "rewinds"),
            MetricFacts("last_scored_timestamp_seconds", "seconds since 1970, 0 before the first"),
            MetricFacts("last_commit_timestamp_seconds", "seconds since 1970, 0 before the first"),
        ),
    ),
    MetricGroup(
        "Lag",
        "How far behind is it, and does retention come closer?",
        (
            MetricFacts("lag_records", "records", (TOPIC, PARTITION)),
            MetricFacts("lag_seconds", "seconds", (TOPIC, PARTITION)),
            MetricFacts("topic_retention_seconds", "seconds", (TOPIC,)),
        ),
    ),
    MetricGroup(
        "The group",
        "Who holds what, is there a partition that nobody holds?",
        (
            MetricFacts("assigned_partitions", "partitions"),
            MetricFacts("topic_partitions", "partitions", (TOPIC,)),
            MetricFacts("rebalances_total", "changes", (MetricLabel("kind", REBALANCES),)),
        ),
    ),
    MetricGroup(
        "Quality",
        "Is the model still good for what comes in?",
        (
            MetricFacts("score", "probability"),
            MetricFacts("text_chars", "characters"),
            MetricFacts("terms_total", "terms", (MetricLabel("known", YES_NO),)),
            MetricFacts("rated_agreement_total", "reviews", (MetricLabel("agree", YES_NO),)),
            MetricFacts("reference_label_share", "share", (LABEL,)),
            MetricFacts("shadow_labelled_total", "reviews"),
            MetricFacts("shadow_disagreements_total", "reviews"),
        ),
    ),
    MetricGroup(
        "Kafka clients",
        "Is it the broker? Told by the clients themselves, every five seconds.",
        (
            MetricFacts("kafka_broker_rtt_seconds", "seconds", (CLIENT,)),
            MetricFacts("kafka_queue_records", "records", (CLIENT,)),
            MetricFacts("kafka_throttle_seconds", "seconds", (CLIENT,)),
            MetricFacts("kafka_request_errors_total", "requests", (CLIENT,)),
        ),
    ),
    MetricGroup(
        "Housekeeping",
        "Are the clocks right, does memory last, what does the log say?",
        (
            MetricFacts("clock_skew_total", "records"),
            MetricFacts("memory_limit_bytes", "bytes"),
            MetricFacts("log_messages_total", "lines", (MetricLabel("level", LOG_LEVELS),)),
        ),
    ),
    MetricGroup(
        "Batch and real time compared",
        "Which way of scoring is how fast, and do they agree?",
        (
            MetricFacts("comparison_accuracy", "share", WAY),
            MetricFacts("comparison_macro_f1", "F1", WAY),
            MetricFacts("comparison_reviews", "reviews", WAY),
            MetricFacts("comparison_review_seconds", "seconds", WAY),
            MetricFacts("comparison_reviews_per_second", "reviews a second", WAY),
            MetricFacts("comparison_cpu_seconds_per_million", "seconds a million reviews", WAY),
            MetricFacts("comparison_peak_memory_bytes", "bytes", WAY),
            MetricFacts("comparison_labels_differing", "reviews", WAY),
            MetricFacts("comparison_probability_difference_max", "probability", WAY),
            MetricFacts(
                "comparison_latency_seconds", "seconds", (*WAY, MetricLabel("quantile", bounded_by="a few quantiles"))
            ),
            MetricFacts(
                "comparison_threshold", "as named", (MetricLabel("threshold", bounded_by="the verdict's thresholds"),)
            ),
            MetricFacts("comparison_verdict", "1 or 0"),
            MetricFacts("comparison_timestamp_seconds", "seconds since 1970"),
        ),
    ),
)

# What prometheus_client exports on Linux, in our own words; its kind and unit.
PROCESS_METRICS = (
    ("process_cpu_seconds_total", "counter", "seconds", "Processor time used, of all threads."),
    ("process_resident_memory_bytes", "gauge", "bytes", "Memory held; compare with `reviews_memory_limit_bytes`."),
    ("process_virtual_memory_bytes", "gauge", "bytes", "Address space held."),
    ("process_start_time_seconds", "gauge", "seconds since 1970", "When the process started."),
    ("process_open_fds", "gauge", "files", "Files and connections open."),
    ("process_max_fds", "gauge", "files", "As many may be open."),
)
