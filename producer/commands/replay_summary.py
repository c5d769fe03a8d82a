"""What stands on stdout after a replay: the account, for programs as JSON, for people line by line."""

from collections.abc import Mapping
from typing import Any

from producer.traffic.replay_report import ReplayReport


def replay_summary(report: ReplayReport, topic: str) -> dict[str, Any]:
    """Return the account of a replay into a topic."""
    counts = report.progress.deliveries
    return {
        "topic": topic,
        "ending": str(report.ending),
        "sent": counts.sent,
        "acknowledged": counts.acknowledged,
        "failed": counts.failed,
        "unanswered": counts.unanswered,
        "failures": [{"review_id": failure.review_id, "error": failure.error} for failure in counts.failures],
        "bad_rows": report.progress.bad_rows,
        "outside": report.progress.outside,
        "seconds": round(report.progress.seconds, 3),
        "rate_per_s": round(report.progress.rate_per_s, 1),
    }


def dry_run_summary(report: ReplayReport, reviews: int) -> dict[str, Any]:
    """Return what a replay would have done."""
    return {
        "ending": str(report.ending),
        "would_send": reviews,
        "bad_rows": report.progress.bad_rows,
        "outside": report.progress.outside,
        "seconds": round(report.progress.seconds, 3),
    }


def summary_text(summary: Mapping[str, Any]) -> str:
    """Return a summary for people, a line each."""
    lines = [_line(name, value) for name, value in summary.items() if name != "failures"]
    lines += [f"  {failure['error']}  {failure['review_id']}" for failure in summary.get("failures", [])]
    return "\n".join(lines)


def _line(name: str, value: object) -> str:
    shown = f"{value:,}" if isinstance(value, int | float) else value
    return f"{name.replace('_', ' '):<14}{shown}"
