"""PromQL that panels share."""


def rate(metric: str, *labels: str) -> str:
    """Return the PromQL for a counter's rise a second, summed over consumers, one series for each of `labels`."""
    by = f" by ({', '.join(labels)})" if labels else ""
    return f"sum{by} (rate({metric}[$__rate_interval]))"


def share(metric: str, label: str) -> str:
    """Return the PromQL for what part of a counter's rise each value of `label` has; nothing while it stands still."""
    return f"{rate(metric, label)} / ignoring ({label}) group_left () ({rate(metric)} > 0)"


def quantile(share_below: float, histogram: str, *labels: str) -> str:
    """Return the PromQL for the value below which that share of a histogram's observations lies."""
    return f"histogram_quantile({share_below:g}, {rate(f'{histogram}_bucket', 'le', *labels)})"
