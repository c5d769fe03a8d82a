"""What docs/metrics.md says beside its tables: how to scrape, to ask, and to find what one knows by other names."""

SCRAPE = """\
scrape_configs:
  - job_name: consumer
    scrape_interval: 5s
    static_configs:
      - targets: [consumer-1:9464, consumer-2:9464]
"""

EXEMPLARS = """\
`end_to_end_latency_seconds` keeps one exemplar a bucket: the newest of the slowest records of a batch. It names the
record's trace (`trace_id`) where the review carries one, else its place (`partition`, `offset`): enough to find it with
`kafka-console-consumer` or in the traces, and nothing of what it says. Exemplars are sent to who asks for the
OpenMetrics format, as Prometheus does; it keeps them with `--enable-feature=exemplar-storage`."""

UNHELD = """\
Lag is told by who holds a partition, so one that no live member holds has none: it is seen in the group instead.
`reviews_topic_partitions` counts what is there to be held, and what members hold must add up to it (the question below
that asks for partitions nobody holds). With no member left there is nothing to scrape at all: alert on `up` or
`absent()`, and `review-consumer lag` or an exporter that stands outside the group tells how far it is behind."""

LANGUAGES = """\
Texts in another language show as terms that the model does not know (`reviews_terms_total`). Their language is not
guessed: even the fastest library tried, CLD2, takes several times as long for a one-liner as the model does."""

_END_TO_END = "reviews_end_to_end_latency_seconds"
_DRAIN = "-deriv(sum(reviews_lag_records)[5m:15s])"
_LABELLED = "rate(reviews_labelled_total[1h])"
_NOW = f"clamp_min(sum by (label) ({_LABELLED}) / scalar(sum({_LABELLED})), 1e-4)"
_THEN = "clamp_min(avg by (label) (reviews_reference_label_share), 1e-4)"

# A question, and PromQL that answers it.
QUERIES = (
    ("99 % of the reviews are labelled within … seconds",
     "histogram_quantile(0.99, sum by (le) (rate(reviews_end_to_end_latency_seconds_bucket[5m])))"),
    ("Share labelled within a second: the objective is 0.99",
     f'sum(rate({_END_TO_END}_bucket{{le="1.0"}}[5m])) / sum(rate({_END_TO_END}_count[5m]))'),
    ("Records in, a second", "sum(rate(reviews_consumed_total[5m]))"),
    ("Labels and dead letters out, a second",
     "sum(rate(reviews_labelled_total[5m])) + sum(rate(reviews_dead_lettered_total[5m]))"),
    ("Share that can't be used: the objective is less than 0.01",
     "sum(rate(reviews_dead_lettered_total[5m])) / sum(rate(reviews_consumed_total[5m]))"),
    ("Seconds behind, the worst partition", "max by (topic) (reviews_lag_seconds)"),
    ("Seconds until the backlog is drained, while it shrinks", f"sum(reviews_lag_records) / ({_DRAIN} > 0)"),
    ("Share of the retention time that the oldest waiting record has used up",
     "max by (topic) (reviews_lag_seconds) / max by (topic) (reviews_topic_retention_seconds)"),
    ("Partitions that nobody holds", "max(reviews_topic_partitions) - sum(reviews_assigned_partitions)"),
    ("What the loop is busy with, shares of its time",
     "sum by (state) (rate(reviews_loop_seconds_total[5m])) / scalar(sum(rate(reviews_loop_seconds_total[5m])))"),
    ("Share of memory that is used", "process_resident_memory_bytes / reviews_memory_limit_bytes"),
    ("Share of unknown terms", 'sum(rate(reviews_terms_total{known="no"}[1h])) / sum(rate(reviews_terms_total[1h]))'),
    ("Accuracy to be expected by the model's own probabilities",
     "sum(rate(reviews_score_sum[1h])) / sum(rate(reviews_score_count[1h]))"),
    ("Share of ratings the labels agree with",
     'sum(rate(reviews_rated_agreement_total{agree="yes"}[1d])) / sum(rate(reviews_rated_agreement_total[1d]))'),
    ("Stability index of the label mix: above 0.1 it has moved, above 0.25 a lot",
     f"sum(({_NOW} - {_THEN}) * ln({_NOW} / {_THEN}))"),
)  # fmt: skip

# OpenTelemetry's semantic conventions (messaging, process), and what here says the same.
OPENTELEMETRY = (
    ("messaging.client.consumed.messages", "`reviews_consumed_total`"),
    ("messaging.client.sent.messages", "`reviews_labelled_total` + `reviews_dead_lettered_total`"),
    ("messaging.process.duration", "`reviews_stage_seconds`, stages decode, score and publish, of a batch"),
    ("messaging.client.operation.duration", "`reviews_stage_seconds`, stage commit; `reviews_transaction_seconds`"),
    ("error.type", "label `reason` of `reviews_dead_lettered_total`"),
    ("messaging.destination.name", "label `topic`"),
    ("messaging.destination.partition.id", "label `partition`"),
    ("messaging.consumer.group.name", "no label: one job is one group"),
    ("process.cpu.time", "`process_cpu_seconds_total`"),
    ("process.memory.usage", "`process_resident_memory_bytes`"),
    ("process.memory.virtual", "`process_virtual_memory_bytes`"),
    ("process.unix.file_descriptor.count", "`process_open_fds`"),
)  # fmt: skip

# Names of exporters that ask the broker from outside: kafka_exporter, and kafka-lag-exporter for seconds.
EXPORTERS = (
    ("kafka_consumergroup_lag", "`reviews_lag_records`: to the last delivered record, not to the last commit"),
    ("kafka_consumergroup_lag_sum", "`sum(reviews_lag_records)`"),
    ("kafka_consumergroup_group_lag_seconds", "`reviews_lag_seconds`: from time stamps, nothing is interpolated"),
    ("kafka_consumergroup_group_max_lag_seconds", "`max(reviews_lag_seconds)`"),
    ("kafka_consumergroup_members", "`count(reviews_assigned_partitions)`"),
    ("kafka_topic_partitions", "`reviews_topic_partitions`"),
    ("kafka_consumergroup_current_offset", "not exported: `review-consumer lag` shows it"),
)
