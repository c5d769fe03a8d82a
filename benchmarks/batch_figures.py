"""What docs/batch.md shows of results/batch.json."""

from benchmarks.pages import Results, machine, table

WORDS = {
    "reader alone": "reading the file, alone",
    "scorer alone": "scoring its texts on all cores, alone",
    "Parquet": "Parquet to Parquet, start included",
    "Parquet, started": "the same, once the model is loaded",
    "DuckDB": "Parquet to DuckDB, start included",
    "DuckDB, started": "the same, once the model is loaded",
}
STEPS = ("prepare", "load", "infer", "post-process", "store")


def batch(results: Results) -> str:
    """Return the rates, beside the slower of the two limits, and where the time of the last jobs went."""
    rates, shares = results["rows_a_second"], results["ratio_to_bound"]
    rows = [
        [
            words,
            f"{rates[way]['median']:,.0f}",
            f"{rates[way]['low']:,.0f} to {rates[way]['high']:,.0f}",
            f"{shares[way]['median']:.2f}" if way in shares else "",
        ]
        for way, words in WORDS.items()
    ]
    jobs = {**{f"1 M into {way}": job for way, job in results["last_round"].items()}}
    jobs[f"{results['settings']['long_rows'] // 1_000_000} M into Parquet"] = results["long"]
    steps = [
        [
            name,
            f"{job['total_seconds']:.1f}",
            *(f"{job['seconds'][step]:.2f}" for step in STEPS),
            f"{job['peak_memory_mb']:,}",
        ]
        for name, job in jobs.items()
    ]
    long = f"The long job labels {results['long']['rows_per_second']:,.0f} rows a second, start included: "
    return "\n\n".join(
        [
            machine(results),
            table(["one-liners", "rows/s", "range", "of the slower limit"], rows),
            table(["seconds", "in all", *STEPS, "MB"], steps),
            long + f"{results['long_ratio_to_bound']:.2f} of the slower limit.",
        ]
    )
