"""What docs/performance.md shows of results/metrics.json."""

from collections.abc import Iterator

from benchmarks.pages import Results, machine, table
from benchmarks.targets import Target, at_most

# In batches as large as they get under load.
JUDGED_BATCH, OBSERVER_US_MAX = "4096", 0.2


def metrics(results: Results) -> str:
    """Return what the observer takes of a record, and how fast the loop is with and without it."""
    costs = [
        [f"{int(size):,}", f"{cost:.3f}", f"{cost * int(size):,.0f}"]
        for size, cost in results["observer_us_a_record"].items()
    ]
    rows = [
        [
            way,
            f"{rate['median']:,.0f}",
            f"{rate['low']:,.0f} to {rate['high']:,.0f}",
            _ratio(results, way),
            f"{results['loop_us_a_record'][way]['median']:.2f}",
        ]
        for way, rate in results["records_a_second"].items()
    ]
    scraped = results["ratio_to_scrapers_elsewhere"]
    pages = results["pages_a_second"]
    under_attack = (
        f"The hostile scrapers got {pages['median']:,.0f} pages a second. With them at its own port the loop ran at "
        f"{scraped['median']:.2f} ({scraped['low']:.2f} to {scraped['high']:.2f}) of its speed beside scrapers at "
        "another process, which take as much of the machine."
    )
    return "\n\n".join(
        [
            machine(results),
            table(["records in a batch", "µs a record", "µs a batch"], costs),
            table(["the loop in memory", "reviews/s", "range", "of the first", "µs of its thread a review"], rows),
            under_attack,
        ]
    )


def metrics_targets(results: Results) -> Iterator[Target]:
    """Yield what the observer is held to."""
    cost = results["observer_us_a_record"][JUDGED_BATCH]
    yield at_most(f"metrics, batches of {int(JUDGED_BATCH):,}: µs a record", OBSERVER_US_MAX, cost)


def _ratio(results: Results, way: str) -> str:
    ratio = results["ratio_to_nothing"][way]
    return f"{ratio['median']:.2f} ({ratio['low']:.2f} to {ratio['high']:.2f})"
