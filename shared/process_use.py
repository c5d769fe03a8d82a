"""What a process uses, as the system tells it: processor seconds, and the most memory it held."""

import os
import sys
from pathlib import Path
from resource import RUSAGE_SELF, getrusage

# Places of utime and stime in /proc/PID/stat, counted after the name in brackets (proc_pid_stat(5)).
USER_TICKS, SYSTEM_TICKS = 11, 12


def memory_peak_mb() -> float:
    """Return the most memory this process ever held, in MB."""
    told = memory_peak_mb_of(os.getpid())
    if told is not None:
        return told
    # Not first: on Linux, which counts KiB, this may be what the process that started us held. macOS counts bytes.
    return round(getrusage(RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6, 1)


def processor_s_of(process_id: int) -> float | None:
    """Return the processor seconds another process has used; None where /proc does not tell."""
    try:
        stat = Path(f"/proc/{process_id}/stat").read_text("utf-8", "replace")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return (int(fields[USER_TICKS]) + int(fields[SYSTEM_TICKS])) / os.sysconf("SC_CLK_TCK")


def memory_peak_mb_of(process_id: int) -> float | None:
    """Return the most memory another process ever held, in MB; None where /proc does not tell."""
    try:
        status = Path(f"/proc/{process_id}/status").read_text("utf-8", "replace")
    except OSError:
        return None
    peaks = [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")]
    return round(peaks[0] * 1024 / 1e6, 1) if peaks else None
