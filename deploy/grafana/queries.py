"""PromQL that panels share; every metric of a consumer is asked for the jobs and instances chosen at the top."""

INSTANCES = 'job=~"$job", instance=~"$instance"'
JOBS = 'job=~"$job"'


def chosen(metric: str, *matchers: str) -> str:
    """Return the PromQL for a metric of the chosen consumers, narrowed down by more matchers."""
    return f"{metric}{{{', '.join((*matchers, INSTANCES))}}}"


def of_jobs(metric: str, *matchers: str) -> str:
    """Return the PromQL for a metric of the chosen jobs, whoever of them exports it: a rule, or the workers' parent."""
    return f"{metric}{{{', '.join((*matchers, JOBS))}}}"


def rate(metric: str, *labels: str, where: tuple[str, ...] = ()) -> str:
    """Return the PromQL for a counter's rise a second, summed over consumers, one series for each of `labels`."""
    return f"{_sum(labels)} (rate({chosen(metric, *where)}[$__rate_interval]))"


def rise(metric: str, *labels: str) -> str:
    """Return the PromQL for how much a counter rose from one point to the next, summed like `rate`."""
    return f"{_sum(labels)} (increase({chosen(metric)}[$__rate_interval]))"


def share(metric: str, label: str) -> str:
    """Return the PromQL for what part of a counter's rise each value of `label` has; nothing while it stands still."""
    return f"{rate(metric, label)} / ignoring ({label}) group_left () ({rate(metric)} > 0)"


def part(metric: str, where: str) -> str:
    """Return the PromQL for what part of a counter's rise has this label value; nothing while it stands still."""
    return f"{rate(metric, where=(where,))} / ({rate(metric)} > 0)"


def average(histogram: str, *labels: str) -> str:
    """Return the PromQL for the mean of a histogram's observations; nothing while there is none."""
    return f"{rate(f'{histogram}_sum', *labels)} / ({rate(f'{histogram}_count', *labels)} > 0)"


def quantile(share_below: float, histogram: str, *labels: str) -> str:
    """Return the PromQL for the value below which that share of a histogram's observations lies.

    Where there is no observation the function answers NaN; the comparison leaves that out.
    """
    return f"histogram_quantile({share_below:g}, {rate(f'{histogram}_bucket', 'le', *labels)}) >= 0"


def _sum(labels: tuple[str, ...]) -> str:
    return f"sum by ({', '.join(labels)})" if labels else "sum"
