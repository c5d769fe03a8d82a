"""When alerts fired and when they ended, as Prometheus has stored it."""

from dataclasses import dataclass

from tests.support.prometheus_server import PrometheusServer, Series

FIRING = 'ALERTS{alertstate="firing"}'
# What tells one alert from another of the same name.
TELLING = ("window", "reason", "by", "instance")


@dataclass(frozen=True, slots=True)
class Firing:
    """One time that an alert fired, in seconds since 1970; `ended_s` is None where it did not end."""

    alert: str
    severity: str
    what: str
    began_s: float
    ended_s: float | None


def firings(prometheus: PrometheusServer, start_s: float, step_s: float) -> list[Firing]:
    """Return every time that an alert has fired since then, in order."""
    now = prometheus.query(FIRING).series
    # The answer names the moment it is about: Prometheus' own clock.
    end_s = prometheus.query("time()").series[0].value
    found = prometheus.query_range(FIRING, start_s, end_s, step_s).series
    going_on = [series.labels for series in now]
    times = [firing for series in found for firing in times_of(series, step_s, still=series.labels in going_on)]
    return sorted(times, key=lambda firing: (firing.began_s, firing.alert, firing.what))


def times_of(series: Series, step_s: float, *, still: bool) -> list[Firing]:
    """Return the times of one alert, which ended wherever a step is missing; `still`: the last one goes on."""
    labels = series.labels
    what = " ".join(labels[name] for name in TELLING if name in labels)
    runs: list[list[float]] = []
    for moment, _ in series.points:
        if runs and moment - runs[-1][-1] < 1.5 * step_s:
            runs[-1].append(moment)
        else:
            runs.append([moment])
    last = len(runs) - 1
    return [
        Firing(labels["alertname"], labels["severity"], what, run[0], None if still and number == last else run[-1])
        for number, run in enumerate(runs)
    ]
