"""Names that boards ask for and that nothing exports or records yet; what is there no longer stands here."""

PENDING = frozenset(
    {
        "reviews_score",
        "reviews_text_chars",
        "reviews_terms_total",
        "reviews_rated_agreement_total",
        "reviews_reference_label_share",
        "reviews_model_reloads_total",
        "reviews_shadow_labelled_total",
        "reviews_shadow_disagreements_total",
        "reviews_shadow_info",
        "reviews_inflight_bytes",
        "reviews_log_messages_total",
        "reviews_topic_partitions",
        "reviews_topic_retention_seconds",
        "reviews_memory_limit_bytes",
        "reviews_kafka_broker_rtt_seconds",
        "reviews_kafka_queue_records",
        "reviews_kafka_throttle_seconds",
        "reviews_kafka_request_errors_total",
        "reviews_worker_up",
        "reviews_worker_starts_total",
        "reviews_worker_exits_total",
        "job:reviews_end_to_end_latency_within_1s:ratio_rate1h",
        "job:reviews_end_to_end_latency_within_1s:ratio_rate6h",
        "job:reviews_end_to_end_latency_within_1s:ratio_rate3d",
        "job:reviews_labelled:stability_index_rate1h",
        "job_instance:reviews_memory:limit_ratio",
        "job_topic:reviews_lag_records:drain_seconds",
        "job_topic:reviews_lag_seconds:retention_ratio",
    }
)
