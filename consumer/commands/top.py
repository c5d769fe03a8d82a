"""`top`: running consumers in the terminal, as their metrics show them."""

import sys
import time

import click
import msgspec
from rich.console import Console

from consumer.commands.top_display import watch_on_terminal
from consumer.reports.top_screen import UNBOUNDED, screen_lines
from consumer.reports.top_tables import process_lines
from consumer.watching.addresses import parse_address
from consumer.watching.figures import view_of
from consumer.watching.pages import fetch_page
from consumer.watching.trend import Trend
from consumer.watching.watch import ADDRESSES_MAX, Watch
from shared.clock import SystemClock
from shared.errors import InputError, PageUnavailable
from shared.stop_signals import StopSignals

DEFAULT_ADDRESS = "127.0.0.1:9464"
# More often on a terminal would be for nobody.
EVERY_S_MIN = 0.2


@click.command()
@click.argument("addresses", metavar="[ADDRESS]...", nargs=-1)
@click.option("--every", type=click.FloatRange(0), default=2, show_default=True, help="Seconds between two looks.")
@click.option("--once", is_flag=True, help="Look twice, print what is seen, and leave; with --every 0 look once.")
@click.option("--json", "as_json", is_flag=True, help="The same as one JSON document.")
def top(addresses: tuple[str, ...], *, every: float, once: bool, as_json: bool) -> int:
    """Watch running consumers: throughput, latency, lag, stages, batches, labels, memory.

    ADDRESS is where a consumer's metrics are, host:port or a URL, 127.0.0.1:9464 if none is given; several are shown
    together. The parent of `run --workers` shows its workers, as does any list of targets that Prometheus could read
    (a URL that ends in /targets). One that does not answer is shown with the reason, and asked again.

    All figures are of the time between the last two looks; what the consumer does not tell is shown as a dash. Leave
    with q or Ctrl-C. Where the output is no terminal, --once is meant. With --once, the exit code is 69 where no
    address answers.

    \b
    The JSON document, null where not known; seconds, bytes, records, shares between 0 and 1:
      at_seconds  interval_seconds  inflight_records  inflight_bytes  memory_bytes  memory_limit_bytes  rewinds
      processes   one for each address: up, reason, version, model, digest, rates, lag, memory, ...
      flow        consumed_per_second, labelled_per_second, dead_lettered_per_second, dead_letters by reason
      lag         records, seconds (of the worst), partitions with the worst first
      latency     p50, p95, p99, from a review's time stamp to its label; stages: the same by stage
      loop        share of the loop's time by state
      batches     count, mean_records, sizes (records: at most so many), closed_by
      quality     labels and reference (shares), expected_accuracy, unknown_terms_share, rating_agreement_share
      rebalances  transactions  by kind and by outcome, in the interval

    \b
    Examples:
      review-consumer top
      review-consumer top 10.0.0.5:9464 10.0.0.6:9464 --every 5
      review-consumer top --once --json | jq .lag
    """  # noqa: D301 - click wants the control character
    asked = [parse_address(address) for address in addresses or (DEFAULT_ADDRESS,)]
    if len(asked) > ADDRESSES_MAX:
        raise InputError(f"{len(asked)} addresses are more than the {ADDRESSES_MAX} that can be watched together")
    clock = SystemClock()
    watch = Watch(asked, fetch_page, clock)
    if not (once or as_json) and sys.stdout.isatty():
        with StopSignals() as stop:
            watch_on_terminal(watch.look, max(EVERY_S_MIN, every), clock, stop.requested)
        return 0
    readings = watch.look()
    if every and any(reading.change for reading in readings):
        time.sleep(every)
        readings = watch.look()
    view = view_of(readings, clock.now())
    if as_json:
        click.echo(msgspec.json.encode(view))
    else:
        console = Console()
        width = console.width
        lines = (
            screen_lines(view, Trend(), width) if view.answering else process_lines(view.processes, width, UNBOUNDED)
        )
        for line in lines:
            console.print(line)
    if not view.answering:
        raise PageUnavailable(
            f"no consumer answers at {', '.join(map(str, asked))}",
            hint="is it running, and is this its --metrics-host and --metrics-port (REVIEWS_METRICS_PORT)?",
        )
    return 0
