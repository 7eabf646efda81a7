"""What a process and its children have used so far: CPU time and memory, from /proc or, elsewhere, from `ps`."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds (user and system) since the start, and resident bytes now, of a process and all its children.

    Children that have ended are counted where their parent has waited for them (Linux only).
    """

    cpu: float
    rss: int


def usage(pid: int) -> Usage:
    """Read it now. Raises ProcessLookupError when the process is gone."""
    table = _from_proc() if (PROC / "self" / "stat").exists() else _from_ps()
    if pid not in table:
        raise ProcessLookupError(pid)
    family = {pid}
    # A child may be listed before its parent.
    while True:
        more = {child for child, (parent, _, _) in table.items() if parent in family} - family
        if not more:
            break
        family |= more
    return Usage(sum(table[one][1] for one in family), sum(table[one][2] for one in family))


def _from_proc() -> dict[int, tuple[int, float, int]]:
    ticks, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    table = {}
    for entry in PROC.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        # The name, in parentheses, may hold spaces; the fields after it are counted as proc(5) numbers them.
        fields = stat.rpartition(")")[2].split()
        parent, cpu, rss = int(fields[1]), sum(map(int, fields[11:15])) / ticks, int(fields[21]) * page
        table[int(entry.name)] = (parent, cpu, rss)
    return table


def _from_ps() -> dict[int, tuple[int, float, int]]:
    listing = subprocess.run(
        ["ps", "-axo", "pid=,ppid=,time=,rss="], capture_output=True, text=True, timeout=10, check=True
    ).stdout
    table = {}
    for line in listing.splitlines():
        pid, parent, time, rss = line.split()
        table[int(pid)] = (int(parent), _seconds(time), int(rss) * 1024)
    return table


def _seconds(time: str) -> float:
    """`[[days-]hours:]minutes:seconds`, as `ps` writes it."""
    days, _, clock = time.rpartition("-")
    seconds = 0.0
    for part in clock.split(":"):
        seconds = seconds * 60 + float(part)
    return seconds + 86_400 * int(days or 0)
