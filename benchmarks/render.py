"""Writes the figures of docs/performance.md and docs/delivery.md from results/: what stands between their markers.

python -m benchmarks.render [--check]
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import click
import msgspec

from benchmarks.batch_figures import batch
from benchmarks.fault_figures import faults
from benchmarks.metrics_figures import metrics, metrics_targets
from benchmarks.pages import Results, machine, table, write_pages
from benchmarks.peers.table import markdown
from benchmarks.stream_results import RESULTS
from benchmarks.targets import Target, growth_targets, latency_targets, peer_targets, throughput_targets

DOCS = Path(__file__).parents[1] / "docs"
PAGE, FAULT_PAGE, BATCH_PAGE = DOCS / "performance.md", DOCS / "delivery.md", DOCS / "batch.md"
BATCH = "batch"
NOT_MEASURED = "Not measured yet: `make bench`."
FAULTS, NOT_TRIED = "faults", "Not measured yet: `make chaos`."


def throughput(results: Results) -> str:
    """Return a table for each kind of text."""
    parts = [machine(results)]
    for kind, found in results["kinds"].items():
        rows = []
        for way, row in found["ways"].items():
            rate, ratio = row["records_a_second"], found.get("ratio_to_reference", {}).get(way)
            rows.append(
                [
                    way,
                    f"{rate['median']:,.0f}",
                    f"{rate['low']:,.0f} to {rate['high']:,.0f}",
                    f"{ratio['median']:.2f}" if ratio else "",
                    f"{row['cpu_s_a_million']['median']:.1f}",
                    f"{row['rss_mb_max']['median']:.0f}",
                ]
            )
        head = ["", "reviews/s", "range", "of pass-through", "CPU s a million", "MB"]
        rounds = results["settings"]["rounds"]
        parts.append(f"**{kind}**, {found['records']:,} waiting, {rounds} rounds:\n\n{table(head, rows)}")
    return "\n\n".join([*parts, "![Reviews a second by way](images/throughput.svg)"])


def latency(results: Results) -> str:
    """Return a table for each delivery."""
    parts = [machine(results)]
    for delivery, rates in results["deliveries"].items():
        rows = []
        for rate, found in rates.items():
            quantiles = [
                f"{found['ours']['ms'][name]['median']:.1f} ({found['echo']['ms'][name]['median']:.1f})"
                for name in found["ratio"]
            ]
            shares = [f"{found['ratio'][name]['median']:.2f}" for name in ("p50", "p99")]
            rows.append([f"{int(rate):,}/s", *quantiles, *shares, f"{max(found['ours']['waiting_at_end']):,}"])
        names = [f"{name} ms" for name in next(iter(rates.values()))["ratio"]]
        head = [delivery, *names, "p50 ratio", "p99 ratio", "waiting at the end"]
        parts.append(table(head, rows))
    return "\n\n".join([*parts, "![Latency by percentile](images/latency.svg)"])


def growth(results: Results) -> str:
    """Return tables of scaling, backlog and start-up."""
    parts = [machine(results)]
    if "scaling" in results:
        rows = [
            [count, f"{row['records_a_second']['median']:,.0f}", f"{row['ratio_to_one']['median']:.2f}"]
            for count, row in results["scaling"].items()
        ]
        parts.append(table(["processes, a partition each", "reviews/s", "times one"], rows))
    if "backlog" in results:
        rows = [
            [
                f"{int(records):,}",
                f"{row['records_a_second']:,}",
                f"{row['cpu_s_a_million']:.1f}",
                f"{row['rss_mb_max']:.0f}",
            ]
            for records, row in results["backlog"].items()
        ]
        parts.append(table(["waiting", "reviews/s", "CPU s a million", "MB at most"], rows))
        parts.append("![Memory while a backlog is labelled](images/memory.svg)")
    if "start-up" in results:
        rows = [
            [way, f"{seconds['median']:.2f}", f"{seconds['low']:.2f} to {seconds['high']:.2f}"]
            for way, seconds in results["start-up"].items()
        ]
        parts.append(table(["from process start to first label", "seconds", "range"], rows))
    return "\n\n".join(parts)


def profile(results: Results) -> str:
    """Return what the loop does, and which threads use the processor."""
    profiles = {
        f"{kind}, {delivery}": found
        for kind, deliveries in results["kinds"].items()
        for delivery, found in deliveries.items()
    }

    def one(title: str, key: str) -> str:
        names = list(dict.fromkeys(name for found in profiles.values() for name in found[key]))
        rows = [
            [where, f"{found['wall_us']:.1f}", *(f"{found[key].get(name, 0):.1f}" for name in names)]
            for where, found in profiles.items()
        ]
        return table([title, "wall time", *names], rows)

    loop, processor = one("the loop, µs a review", "loop_us"), one("the processor, µs a review", "cpu_us")
    return "\n\n".join([machine(results), loop, processor])


def soak(results: Results) -> str:
    """Return what half an hour above capacity left behind."""
    lag, memory = results["lag_records"], results["memory"]
    rows = [
        ["minutes of overload", f"{results['minutes']:g}"],
        ["capacity, reviews/s, in small transactions", f"{results['capacity_per_s']:,}"],
        ["published, reviews/s", f"{results['published_per_s']:,}"],
        ["waiting when it ended", f"{lag['after the overload']:,}"],
        ["waiting after the drain", f"{lag['after the drain']:,}"],
        ["inputs", f"{results['inputs']:,}"],
        ["labels", f"{results['labels']:,}"],
        ["dead letters", f"{results['dead_letters']:,}"],
        ["missing", f"{results['missing']:,}"],
        ["labelled twice", f"{results['duplicates']:,}"],
        ["memory, MB at most", f"{memory['peak_mb']:.0f}"],
        ["its slope, MB an hour", f"{memory['slope_mb_per_hour']:.1f}"],
    ]
    return "\n\n".join([machine(results), table([results["delivery"], ""], rows)])


def targets(found: Sequence[Target]) -> str:
    """Return what the stream is held to, and whether it is met."""
    rows = [[target.what, target.wanted, target.found, "yes" if target.met else "**no**"] for target in found]
    return table(["", "wanted", "found", "met"], rows)


TABLES: dict[str, Callable[[Results], str]] = {
    "throughput": throughput,
    "latency": latency,
    "growth": growth,
    "profile": profile,
    "metrics": metrics,
    "peers": markdown,
    "soak": soak,
}
# The files of results, where their names are not stream_NAME.
FILES = {name: f"{name}.json" for name in ("metrics", "peers", "soak", FAULTS, BATCH)}
JUDGES: dict[str, Callable[[Results], Iterator[Target]]] = {
    "throughput": throughput_targets,
    "latency": latency_targets,
    "growth": growth_targets,
    "metrics": metrics_targets,
    "peers": peer_targets,
}


def read_results(name: str) -> Results | None:
    """Return one benchmark's result, None where there is none yet."""
    file = RESULTS / FILES.get(name, f"stream_{name}.json")
    return msgspec.json.decode(file.read_bytes()) if file.exists() else None


def blocks(results: Mapping[str, Results | None]) -> dict[str, str]:
    """Return what belongs between the page's markers, by the markers' names."""
    found = dict.fromkeys(("targets", *TABLES), NOT_MEASURED)
    judged: list[Target] = []
    for name, measured in results.items():
        if measured is not None:
            found[name] = TABLES[name](measured)
            judged += JUDGES[name](measured) if name in JUDGES else []
    if judged:
        found["targets"] = targets(judged)
    return found


def pages() -> dict[Path, dict[str, str]]:
    """Return what belongs between the markers of each page."""
    measured = {name: read_results(name) for name in TABLES}
    tried = read_results(FAULTS)
    bulk = read_results(BATCH)
    return {
        PAGE: blocks(measured),
        BATCH_PAGE: {BATCH: NOT_MEASURED if bulk is None else batch(bulk)},
        FAULT_PAGE: {FAULTS: NOT_TRIED if tried is None else faults(tried)},
    }


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit 1 where a page is not what the results say.")
def main(*, check: bool) -> None:
    """Write the figures."""
    write_pages(pages(), check_with="benchmarks.render" if check else "")


if __name__ == "__main__":
    main()
