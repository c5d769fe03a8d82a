"""What an audit shows: a table and the first findings for people, an object for programs."""

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from consumer.kafka.audit_result import AuditResult, Finding, Place
from consumer.kafka.range_reader import Ranges

WORDS = {
    Finding.MISSING: "missing",
    Finding.REPEATED_SAME_ID: "repeated, same id",
    Finding.REPEATED_OTHER_ID: "repeated, another id",
    Finding.LABELLED_AND_DEAD_LETTERED: "labelled and dead-lettered",
    Finding.WRONG_ID: "wrong id",
    Finding.STRAY: "answers to no input",
    Finding.UNREADABLE: "unreadable answers",
    Finding.DIFFERING: "differing from offline scoring",
    Finding.OTHER_MODEL: "not rescored: other model",
}
# Only looked for where labels are scored again.
OF_RESCORING = frozenset({Finding.DIFFERING, Finding.OTHER_MODEL})


def audit_object(result: AuditResult, topic: str, ranges: Ranges, labels_by_model: dict[str, int]) -> dict[str, Any]:
    """Return the result as it is written as JSON; `ranges` by partition, the end not included."""
    return {
        "holds": result.holds,
        "topic": topic,
        "ranges": {str(number): [start, end] for number, (start, end) in sorted(ranges.items())},
        "inputs": result.inputs,
        "labelled": result.labelled,
        "dead_lettered": result.dead_lettered,
        **{str(finding): result.count(finding) for finding in Finding},
        "rescored": result.rescored,
        "elsewhere": result.elsewhere,
        "tolerated": sorted(result.tolerated),
        "labels_by_model": labels_by_model,
        "examples": {
            str(finding): [_place_object(place) for place in places] for finding, places in result.examples.items()
        },
    }


def print_audit(result: AuditResult, topic: str, ranges: Ranges, console: Console) -> None:
    """Print the counts, what differs, and whether the proof holds."""
    spans = " ".join(f"{number}:{start}-{end}" for number, (start, end) in sorted(ranges.items()) if end > start)
    console.print(Text(f"{topic}  {spans or 'nothing'}"))
    console.print(_table(result))
    for finding, places in result.examples.items():
        console.print(Text(_heading(result, finding, len(places)), style="bold"))
        for place in places:
            console.print(Text(f"  {place.topic}/{place.partition}/{place.offset}  {place.detail}".rstrip()))
    console.print(_verdict(result))


def _table(result: AuditResult) -> Table:
    table = Table("", "", show_header=False)
    table.columns[1].justify = "right"
    for words, count in (
        ("inputs", result.inputs),
        ("labelled", result.labelled),
        ("dead-lettered", result.dead_lettered),
    ):
        table.add_row(words, f"{count:,}")
    table.add_section()
    for finding, words in WORDS.items():
        if finding not in OF_RESCORING:
            table.add_row(words, _count(result, finding))
    if result.rescored is not None:
        table.add_section()
        table.add_row("rescored", f"{result.rescored:,}")
        for finding in (Finding.DIFFERING, Finding.OTHER_MODEL):
            table.add_row(WORDS[finding], _count(result, finding))
    return table


def _count(result: AuditResult, finding: Finding) -> Text:
    count = result.count(finding)
    if not count:
        return Text("0")
    return Text(f"{count:,}", style="yellow" if finding in result.tolerated else "bold red")


def _heading(result: AuditResult, finding: Finding, shown: int) -> str:
    count = result.count(finding)
    first = "" if shown == count else f", the first {shown}"
    return f"{WORDS[finding]}: {count:,}{first}" + (" (tolerated)" if finding in result.tolerated else "")


def _verdict(result: AuditResult) -> Text:
    parts = f"{result.inputs:,} inputs = {result.labelled:,} labelled + {result.dead_lettered:,} dead-lettered"
    if result.holds and not result.inputs:
        return Text("✔ nothing to prove: the range holds no input", style="yellow")
    if result.holds:
        return Text.assemble(("✔ holds", "bold green"), f": {parts}, nothing missing")
    broken = ", ".join(
        f"{result.count(finding):,} {WORDS[finding]}"
        for finding in Finding
        if result.count(finding) and finding not in result.tolerated
    )
    return Text.assemble(("✘ does not hold", "bold red"), f": {broken}")


def _place_object(place: Place) -> dict[str, Any]:
    found: dict[str, Any] = {"topic": place.topic, "partition": place.partition, "offset": place.offset}
    return found | ({"detail": place.detail} if place.detail else {})
