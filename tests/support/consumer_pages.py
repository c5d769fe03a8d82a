"""Pages of metrics as a consumer would show them, made by hand."""

from collections.abc import Mapping, Sequence

START_S = 1_700_000_000.0


def page(series: Mapping[str, float]) -> str:
    """Return a page in Prometheus' text format; names stand with their labels as the page has them."""
    return "".join(f"{name} {value!r}\n" for name, value in series.items())


def histogram(name: str, cumulative: Mapping[str, float], total: float, labels: str = "") -> dict[str, float]:
    """Return the series of a histogram by its bounds; `labels` as the page has them, such as stage="score"."""
    comma = f"{labels}," if labels else ""
    buckets = {f'{name}_bucket{{{comma}le="{bound}"}}': count for bound, count in cumulative.items()}
    suffix = f"{{{labels}}}" if labels else ""
    return {**buckets, f"{name}_sum{suffix}": total, f"{name}_count{suffix}": [*cumulative.values()][-1]}


def consumer_page(
    consumed: float,
    *,
    started_s: float = START_S,
    lag: Sequence[tuple[float, float]] = ((0, 0),),
    topic: str = "reviews",
) -> dict[str, float]:
    """Return the series of a consumer that has labelled so many reviews, half of them positive; lag by partition.

    Each batch had four records, each label took 3 s, and of each four terms one was unknown.
    """
    batches = consumed / 4
    lags = {
        f'reviews_lag_{what}{{topic="{topic}",partition="{number}"}}': row[place]
        for number, row in enumerate(lag)
        for place, what in enumerate(("records", "seconds"))
    }
    return {
        'reviews_build_info{version="0.1.0",model="small",digest="0123456789ab"}': 1,
        "reviews_consumed_total": consumed,
        'reviews_labelled_total{label="positive"}': consumed / 2,
        'reviews_labelled_total{label="neutral"}': 0,
        'reviews_labelled_total{label="negative"}': consumed / 2,
        'reviews_dead_lettered_total{reason="schema"}': consumed / 100,
        'reviews_dead_lettered_total{reason="too_large"}': 0,
        'reviews_batches_total{closed_by="drained"}': batches * 0.75,
        'reviews_batches_total{closed_by="time"}': batches * 0.25,
        'reviews_loop_seconds_total{state="poll"}': consumed * 0.3,
        'reviews_loop_seconds_total{state="score"}': consumed * 0.1,
        'reviews_rebalances_total{kind="assigned"}': 1,
        'reviews_transactions_total{outcome="committed"}': 0,
        "reviews_rewinds_total": 0,
        "reviews_inflight_records": 7,
        "reviews_inflight_bytes": 2000,
        "reviews_assigned_partitions": len(lag),
        "reviews_catching_up": 0,
        'reviews_terms_total{known="yes"}': consumed * 3,
        'reviews_terms_total{known="no"}': consumed,
        'reviews_rated_agreement_total{agree="yes"}': consumed * 0.9,
        'reviews_rated_agreement_total{agree="no"}': consumed * 0.1,
        'reviews_reference_label_share{label="positive"}': 0.6,
        'reviews_reference_label_share{label="negative"}': 0.4,
        "reviews_memory_limit_bytes": 4e9,
        "process_resident_memory_bytes": 3e8,
        "process_cpu_seconds_total": consumed * 0.01,
        "process_start_time_seconds": started_s,
        **lags,
        **histogram("reviews_batch_records", {"2.0": 0, "4.0": batches, "+Inf": batches}, consumed),
        **histogram("reviews_score", {"0.9": 0, "1.0": consumed, "+Inf": consumed}, consumed * 0.95),
        **histogram("reviews_end_to_end_latency_seconds", {"2.0": 0, "4.0": consumed, "+Inf": consumed}, consumed * 3),
        **histogram("reviews_stage_seconds", {"0.1": batches, "+Inf": batches}, batches * 0.05, 'stage="score"'),
    }
