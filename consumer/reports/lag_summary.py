"""What `lag` shows: a table and a verdict for people, a line for logs, an object for programs."""

from datetime import UTC, datetime
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from consumer.kafka.group_lag import GroupLag, Holder, LagLimits, PartitionLag
from consumer.reports.dead_letter_summary import printable

MEMBER_LETTERS = 6
UNKNOWN = "\N{EN DASH}"


def lag_object(found: GroupLag, limits: LagLimits) -> dict[str, Any]:
    """Return the lag as it is written as JSON; null is what is not known."""
    return {
        "at": _moment(found).isoformat(timespec="milliseconds"),
        "group": found.group,
        "state": found.state,
        "members": found.members,
        "topic": found.topic,
        "records": found.records,
        "seconds": found.seconds,
        "within_limits": found.within(limits),
        "partitions": [_partition_object(one) for one in found.partitions],
    }


def lag_line(found: GroupLag) -> str:
    """Return the lag as one line."""
    return (
        f"{_moment(found):%H:%M:%S}  {found.topic}  group {found.group} ({found.state}, members: {found.members})  "
        f"{_count(found.records)} records, {_seconds(found.seconds)} behind"
    )


def lag_table(found: GroupLag, limits: LagLimits) -> Group:
    """Return a row for each partition, and below what it comes to."""
    table = Table("partition", "records", "behind", "committed", "end", "held by", "", box=None, pad_edge=False)
    for column in table.columns[1:5]:
        column.justify = "right"
    for one in found.partitions:
        table.add_row(
            str(one.partition),
            _count(one.records),
            _seconds(one.seconds),
            _count(one.committed),
            _count(one.end),
            Text(printable(_held_by(one.holder))) if one.holder else "nobody",
            Text(_remark(one), style="yellow"),
        )
    heading = Text(f"{found.topic}  group {found.group}: {found.state}, members: {found.members}", style="bold")
    return Group(heading, table, _verdict(found, limits))


def _held_by(holder: Holder) -> str:
    # Members of one machine have one name: the end of their ids tells them apart.
    return f"{holder.client} on {holder.host} ({holder.member[-MEMBER_LETTERS:]})"


def _verdict(found: GroupLag, limits: LagLimits) -> Text:
    behind = f"{_count(found.records)} records not done, the oldest {_seconds(found.seconds)} old"
    if found.records == 0:
        behind = "caught up: no record waits"
    if not limits.given():
        return Text(behind)
    allowed = [f"{limits.records:,} records"] if limits.records is not None else []
    allowed += [f"{limits.seconds:g} s"] if limits.seconds is not None else []
    kept = ("✔ within ", "bold green") if found.within(limits) else ("✘ not within ", "bold red")
    return Text.assemble(kept, " and ".join(allowed), f": {behind}")


def _remark(one: PartitionLag) -> str:
    remarks = []
    if one.records is None:
        remarks.append("stands behind the end: the topic was made anew")
    if one.gone:
        remarks.append(f"{one.gone:,} removed by retention before they were done")
    if one.committed is None:
        remarks.append("nothing committed yet")
    if one.undecided:
        remarks.append(f"{one.undecided:,} in open transactions")
    return ", ".join(remarks)


def _partition_object(one: PartitionLag) -> dict[str, Any]:
    holder = one.holder
    return {
        "partition": one.partition,
        "records": one.records,
        "seconds": one.seconds,
        "committed": one.committed,
        "first": one.first,
        "end": one.end,
        "gone": one.gone,
        "undecided": one.undecided,
        "member": holder.member if holder else None,
        "client": holder.client if holder else None,
        "host": holder.host if holder else None,
    }


def _moment(found: GroupLag) -> datetime:
    return datetime.fromtimestamp(found.at_s, UTC)


def _count(number: int | None) -> str:
    return UNKNOWN if number is None else f"{number:,}"


def _seconds(seconds: float | None) -> str:
    return UNKNOWN if seconds is None else f"{seconds:,.1f} s"
