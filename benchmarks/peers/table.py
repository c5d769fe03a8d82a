"""The comparison as Markdown, for docs/performance.md."""

from collections.abc import Mapping, Sequence
from typing import Any

NOTHING = "-"
BASELINE = "ours"


def markdown(result: Mapping[str, Any]) -> str:
    """Return the comparison's tables, and how many times faster ours is than each."""
    contestants = result["contestants"]
    return "\n\n".join(
        [_speed(contestants), _kills(contestants), *_overhead(contestants), *_failures(contestants), _terms(result)]
    )


def _speed(contestants: Mapping[str, Any]) -> str:
    ours = _pace(contestants.get(BASELINE, {}), "sklearn", "one-liners")
    rows = []
    for each in contestants.values():
        short, long = (each.get("throughput", {}).get("sklearn", {}).get(name, {}) for name in ("one-liners", "imdb"))
        pace = short.get("labels_per_s")
        latency = each.get("latency", {})
        rows.append(
            [
                f"{each['title']} {each['version']}",
                _number(pace),
                f"1 : {ours / pace:,.1f}" if ours and pace else NOTHING,
                _number(long.get("labels_per_s")),
                _number(short.get("cpu_s_per_million")),
                _number(short.get("rss_max_mib")),
                _milliseconds(latency.get("p50_ms")),
                _milliseconds(latency.get("p99_ms")),
            ]
        )
    heads = [
        "tool",
        "one-liners/s",
        "to ours",
        "IMDB reviews/s",
        "CPU s a million one-liners",
        "memory, MiB",
        "p50 at 100/s, ms",
        "p99, ms",
    ]
    return _table(heads, rows)


def _kills(contestants: Mapping[str, Any]) -> str:
    rows = []
    for each in contestants.values():
        found = each.get("kills", {})
        rows.append(
            [
                each["title"],
                each["delivery"],
                *(
                    _number(found.get(name))
                    for name in ("kills", "inputs", "labelled", "missing", "passed_over", "repeated")
                ),
                _number(found.get("standstill_s")),
            ]
        )
    heads = ["tool", "promises", "kill -9", "inputs", "labelled", "missing", "of these committed", "repeated"]
    return _table([*heads, "longest standstill, s"], rows)


def _overhead(contestants: Mapping[str, Any]) -> list[str]:
    rows = [
        [each["title"], _number(_pace(each, "compiled", "one-liners"))]
        for each in contestants.values()
        if _pace(each, "compiled", "one-liners")
    ]
    if not rows:
        return []
    # Ours never scores with anything else.
    rows = [
        *([each["title"], _number(_pace(each, "sklearn", "one-liners"))] for each in _ours(contestants)),
        *rows,
    ]
    return [
        "With Reviewstream's compiled scorer in place of the pipeline, which shows what each tool itself costs:",
        _table(["tool", "one-liners/s"], rows),
    ]


def _failures(contestants: Mapping[str, Any]) -> list[str]:
    lines = [f"- {each['title']}: {failure}" for each in contestants.values() for failure in each["failures"]]
    return ["What could not be measured:", "\n".join(lines)] if lines else []


def _terms(result: Mapping[str, Any]) -> str:
    machine = result["machine"]
    counts = " and ".join(f"{count} ({length})" for length, count in result["rounds"].items())
    rounds = f"Median of {counts} interleaved rounds of {result['window_s']:g} s, one process a tool"
    cores = f"the broker on the same {machine['cores']} cores ({machine['processor']})"
    return f"{rounds}, {cores}, Python {machine['python']}, scikit-learn {machine['packages']['scikit-learn']}."


def _ours(contestants: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [each for name, each in contestants.items() if name.startswith(BASELINE)]


def _pace(contestant: Mapping[str, Any], scorer: str, length: str) -> float | None:
    pace: float | None = contestant.get("throughput", {}).get(scorer, {}).get(length, {}).get("labels_per_s")
    return pace


def _number(value: float | None) -> str:
    return NOTHING if value is None else f"{value:,.0f}"


def _milliseconds(value: float | None) -> str:
    # NaN: no label came back.
    return NOTHING if value is None or value != value else f"{value:,.1f}"  # noqa: PLR0124


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---", *("--:" for _ in heads[1:])], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
