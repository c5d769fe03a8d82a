"""Rows of the first dashboard: how batches are sized, what they cost, how their transactions end."""

from deploy.grafana.panels import Panel, Query, Stacking, chart, heat_map
from deploy.grafana.queries import chosen, quantile, rate, rise, share


def batching() -> list[Panel]:
    """Return the row that tells whether batches grow under load, and what the loop does."""
    return [
        heat_map(
            "Batch size",
            "Micro-batches by the number of their records: small when idle, large under load.",
            "short",
            Query(rise("reviews_batch_records_bucket", "le"), "{{le}}"),
            width=6,
        ),
        chart(
            "Why batches close",
            "Batches a second. Drained: nothing more was there. Time, bytes, count: full, and more was waiting.",
            "cps",
            Query(rate("reviews_batches_total", "closed_by"), "{{closed_by}}"),
            width=6,
            stacking=Stacking.ON_TOP,
        ),
        chart(
            "What the loop does",
            "Shares of the loop's wall time. Mostly poll: it waits for reviews; no poll: it is at its limit.",
            "percentunit",
            Query(share("reviews_loop_seconds_total", "state"), "{{state}}"),
            width=6,
            stacking=Stacking.ON_TOP,
            maximum=1,
        ),
        chart(
            "In flight",
            "Records scored whose labels are not acknowledged yet; bounded, and 0 when idle.",
            "short",
            Query(chosen("reviews_inflight_records"), "{{instance}}"),
            width=6,
        ),
    ]


def batch_costs() -> list[Panel]:
    """Return the row that tells what batches are sized by: what one is expected to cost, and how well that is known."""
    return [
        chart(
            "Fixed cost",
            "What a batch costs whatever its size, as learnt: mostly the transaction with exactly-once delivery.",
            "s",
            Query(chosen("reviews_batch_cost_fixed_seconds"), "{{instance}}"),
            width=6,
        ),
        chart(
            "Cost of 1,000 bytes",
            "What 1,000 bytes more in a batch cost, as learnt: decoding, scoring, publishing.",
            "s",
            Query(f"1000 * {chosen('reviews_batch_cost_seconds_per_byte')}", "{{instance}}"),
            width=6,
        ),
        chart(
            "Prediction error",
            "Mean error of the predicted time of a batch. High: batches are larger or smaller than they should be.",
            "percentunit",
            Query(chosen("reviews_batch_cost_error_ratio"), "{{instance}}"),
            width=6,
        ),
        chart(
            "Catching up",
            "Consumers whose reviews are older than the latency objective when read: their batches are larger.",
            "short",
            Query(f"sum({chosen('reviews_catching_up')})", "consumers"),
            width=6,
        ),
    ]


def transactions() -> list[Panel]:
    """Return the row that tells how transactions fare; it stays still with at-least-once delivery."""
    return [
        chart(
            "How transactions end",
            "Transactions a second. Aborted: redone. Fenced: another process has taken this one's --instance.",
            "cps",
            Query(rate("reviews_transactions_total", "outcome"), "{{outcome}}"),
            width=12,
            stacking=Stacking.ON_TOP,
        ),
        chart(
            "Time to commit",
            "Time from the hand-over of a transaction's offsets until it is committed, that half and 99 % stay below.",
            "s",
            *(
                Query(quantile(share_below, "reviews_transaction_seconds"), f"p{100 * share_below:g}")
                for share_below in (0.5, 0.99)
            ),
            width=12,
        ),
    ]
